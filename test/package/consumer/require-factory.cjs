const session = require('express-session');
const PgSessionStore = require('connect-pg-typed')(session);

require('./set-and-get.cjs')(PgSessionStore);
