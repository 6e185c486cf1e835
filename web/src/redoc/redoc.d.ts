/** The part of Redoc that the page uses. */
declare module "redoc/bundles/redoc.standalone.js" {
  interface Options {
    nativeScrollbars: boolean;
    theme: { typography: { fontFamily: string; headings: { fontFamily: string } } };
  }

  const Redoc: {
    init(specUrl: string, options: Options, element: HTMLElement | null): void;
  };
  export default Redoc;
}
