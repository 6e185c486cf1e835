import Redoc from "redoc/bundles/redoc.standalone.js";
import "../theme/bare.css";

const text = "system-ui, sans-serif";

Redoc.init(
  "/openapi.json",
  {
    nativeScrollbars: true,
    theme: { typography: { fontFamily: text, headings: { fontFamily: text } } },
  },
  document.getElementById("docs"),
);
