// node --import ./tracing.mjs app.mjs   Sends the spans of requests and statements to an
// OpenTelemetry collector, by default at http://localhost:4318. OTEL_EXPORTER_OTLP_ENDPOINT names
// another.
import { register } from 'node:module';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url); // for apps that are ES modules

export const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.register();

/** How many sessions a batch of the store serves. */
function requestHook(span, { query: { name, values } }) {
  const sids = name?.startsWith('ss_') && values?.find(Array.isArray);
  if (sids) span.setAttribute('db.operation.batch.size', new Set(sids).size);
}

export const pgInstrumentation = new PgInstrumentation({ requestHook });
registerInstrumentations({
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation(), pgInstrumentation],
});
