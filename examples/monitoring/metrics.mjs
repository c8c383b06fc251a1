// Metrics of the store for Prometheus.
import { subscribe } from 'node:diagnostics_channel';
import { Counter, Histogram } from 'prom-client';

/** Counters of store.stats(), read when Prometheus asks for them. */
export function countStats(store) {
  const count = (name, help, label, read) =>
    new Counter({
      name,
      help,
      labelNames: [label],
      collect() {
        this.reset();
        for (const [key, value] of Object.entries(read(store.stats()))) this.inc({ [label]: key }, value);
      },
    });
  count('session_store_calls_total', 'Calls of the session store', 'method', (stats) => stats.callsByMethod);
  count('session_store_errors_total', 'Failed calls', 'code', (stats) => stats.errorsByCode);
  count('session_store_events_total', 'The other counters of stats()', 'event', (stats) => {
    const { calls, callsByMethod, errorsByCode, lastMovedAt, ...events } = stats;
    return events;
  });
}

/** Durations of the calls of all stores in this process. */
export function measureCalls() {
  const durations = new Histogram({
    name: 'session_store_call_seconds',
    help: 'Duration of a call of the session store',
    labelNames: ['method'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
  });
  const observe = (call) => durations.observe({ method: call.method }, call.durationMs / 1000);
  subscribe('connect-pg-typed:call', observe);
}
