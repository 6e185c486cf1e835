/** The part of Swagger UI that the page uses. */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  interface Request {
    url: string;
    headers?: Record<string, string>;
  }

  interface Options {
    url: string;
    dom_id: string;
    deepLinking: boolean;
    filter: boolean;
    docExpansion: "list" | "full" | "none";
    displayRequestDuration: boolean;
    validatorUrl: string | null;
    requestInterceptor: (request: Request) => Request;
  }

  export default function SwaggerUI(options: Options): void;
}
