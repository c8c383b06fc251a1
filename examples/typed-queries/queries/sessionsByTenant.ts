/** Types generated for queries found in "sql/sessionsByTenant.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type stringArray = (string)[];

/** 'SessionsByTenant' parameters type */
export interface SessionsByTenantParams {
  tenants: stringArray;
}

/** 'SessionsByTenant' return type */
export interface SessionsByTenantResult {
  sessions: number;
  tenant: string;
}

/** 'SessionsByTenant' query type */
export interface SessionsByTenantQuery {
  params: SessionsByTenantParams;
  result: SessionsByTenantResult;
}

const sessionsByTenantIR: any = {"usedParamSet":{"tenants":true},"params":[{"name":"tenants","required":true,"transform":{"type":"scalar"},"locs":[{"a":175,"b":183}]}],"statement":"SELECT\n  t.sess::json ->> 'tenant' AS \"tenant!\",\n  count(*)::int AS \"sessions!\"\nFROM \"use bindTable\".\"session\" AS t\nWHERE t.expire > now() AND t.sess::json ->> 'tenant' = ANY(:tenants!)\nGROUP BY 1\nORDER BY 1"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sess::json ->> 'tenant' AS "tenant!",
 *   count(*)::int AS "sessions!"
 * FROM "session_store"."session" AS t
 * WHERE t.expire > now() AND t.sess::json ->> 'tenant' = ANY(:tenants!)
 * GROUP BY 1
 * ORDER BY 1
 * ```
 */
export const sessionsByTenant = new PreparedQuery<SessionsByTenantParams,SessionsByTenantResult>(sessionsByTenantIR);


