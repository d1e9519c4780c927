/** The Express application; a module of its own, loaded when it is needed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

export function expressApp(serve: Listener): Listener {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response) => serve(request, response));
  return app;
}
