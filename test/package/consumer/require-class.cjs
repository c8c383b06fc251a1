const { PgSessionStore } = require('connect-pg-typed');

require('./set-and-get.cjs')(PgSessionStore);
