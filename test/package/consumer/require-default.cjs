const session = require('express-session');
const connectPgTyped = require('connect-pg-typed').default;

require('./set-and-get.cjs')(connectPgTyped(session));
