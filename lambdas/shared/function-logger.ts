import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import { invocationAtHand, type LogKeys } from './invocation.ts';

type FormatParameters = Parameters<LogFormatter['formatAttributes']>;

/**
 * The log of a function behind the gateway. What each line says of its request is asked for when a line is written: most
 * requests write none but the one of their prediction.
 * @param service name of the function's folder
 */
export function functionLogger(service: string): Logger {
  return new Logger({ serviceName: service, logFormatter: new InvocationFormatter() });
}

/** The fields that Powertools writes by itself, and those of the request at hand. */
class InvocationFormatter extends LogFormatter {
  override formatAttributes(...[base, additional]: FormatParameters): LogItem {
    return new LogItem({
      attributes: {
        level: base.logLevel,
        message: base.message,
        timestamp: this.formatTimestamp(base.timestamp),
        service: base.serviceName,
        ...logKeysAtHand(),
        sampling_rate: base.sampleRateValue,
        xray_trace_id: base.xRayTraceId,
      },
    }).addAttributes(additional);
  }
}

/** What every line of the log says of the request at hand. */
export function logKeysAtHand(): LogKeys {
  return invocationAtHand()?.request?.logKeys ?? {};
}
