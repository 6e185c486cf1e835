import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "../theme/bare.css";

const dark = matchMedia("(prefers-color-scheme: dark)");
const followSystem = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followSystem);
followSystem();

// Swagger UI sends HTTP Basic even for a client without a name, which a token endpoint takes for a failed sign-in of that client.
const namelessClient = `Basic ${btoa(":")}`;

SwaggerUI({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  filter: true,
  docExpansion: "none",
  displayRequestDuration: true,
  validatorUrl: null,
  requestInterceptor(request) {
    if (request.headers?.["Authorization"] === namelessClient) delete request.headers["Authorization"];
    return request;
  },
});
