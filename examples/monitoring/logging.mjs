// The option errorLog of the store, with pino and with winston.

/** What to log of an error. An error of an idle connection also holds its client. */
const fieldsOf = ({ name, message, code, sqlState, stack }) => ({ name, message, code, sqlState, stack });

/** new PgStore({ pool, errorLog: pinoLog(pino()) }) */
export const pinoLog = (logger) => (message, error) => logger.error({ err: fieldsOf(error) }, message);

/** new PgStore({ pool, errorLog: winstonLog(winston.createLogger(...)) }) */
export const winstonLog = (logger) => (message, error) => logger.error(message, { err: fieldsOf(error) });
