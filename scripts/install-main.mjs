// npm packages and generated code, for editors' tasks: `npm start`, `npm test` and `npm run check` do it themselves.
import { install } from './install.mjs';

install();
