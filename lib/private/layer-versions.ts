import type { Construct } from 'constructs';

/**
 * Makes functions below a construct publish a new version when their layers change, in apps without the CDK's flag for
 * it too: the alias `live` would stay with the old layer otherwise. To be called before anything is below it.
 */
export function publishWhenLayersChange(scope: Construct): void {
  scope.node.setContext('@aws-cdk/aws-lambda:recognizeLayerVersion', true);
}
