import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

/** A graph from zero upwards. @param width of 24 units */
export function graph(
  title: string,
  unit: string,
  metrics: cloudwatch.IMetric[],
  width = 8,
): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({
    title,
    left: metrics,
    width,
    height: 6,
    leftYAxis: { min: 0, label: unit, showUnits: false },
  });
}
