/* How many sessions each of these tenants has. */
/* @name sessionsByTenant */
SELECT
  t.sess::json ->> 'tenant' AS "tenant!",
  count(*)::int AS "sessions!"
FROM "session_store"."session" AS t
WHERE t.expire > now() AND t.sess::json ->> 'tenant' = ANY(:tenants!)
GROUP BY 1
ORDER BY 1;
