/** What the mailed link carries. */
export interface Link {
  user_id: string;
  token: string;
}

/**
 * Takes the user id and the token out of the address bar, so that they stay neither there nor in the history.
 * They come in the fragment, which a browser sends to no server.
 */
export function takeLink(): Link | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  const user_id = fragment.get("user_id");
  const token = fragment.get("token");
  return user_id && token ? { user_id, token } : undefined;
}
