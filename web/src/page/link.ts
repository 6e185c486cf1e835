import { show } from "./page.ts";

/** What a mailed link carries. */
export interface Link {
  user_id: string;
  token: string;
}

/**
 * Asks the page's question if a mailed link led here, else tells that one is missing. The link is used later, by a
 * person: opening a page changes nothing, because mail scanners open links too.
 */
export function openByLink(): Link {
  const link: Link = { user_id: "", token: "" };
  const take = () => {
    const found = takeLink();
    if (found) show("ask");
    return Object.assign(link, found);
  };
  show("missing");
  // Another mailed link, opened in the tab that shows this page already, changes the fragment without loading the page again.
  addEventListener("hashchange", take);
  return take();
}

/**
 * Takes the user id and the token out of the address bar, so that they stay neither there nor in the history.
 * They come in the fragment, which a browser sends to no server.
 */
function takeLink(): Link | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  const user_id = fragment.get("user_id");
  const token = fragment.get("token");
  return user_id && token ? { user_id, token } : undefined;
}
