/*
 * The index by which a user's sessions are found. An index takes no parameters: createUserIndex() puts the path, quoted, in
 * place of '{ss__userPath}'.
 */

/* @name createUserIndex */
CREATE INDEX ON "session_store"."session" ((sess::json #>> '{ss__userPath}'));

/* Keeps no writer waiting, but runs in no transaction, and not on a partitioned table. */
/* @name createUserIndexConcurrently */
CREATE INDEX CONCURRENTLY ON "session_store"."session" ((sess::json #>> '{ss__userPath}'));
