import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
// In an app of your own: 'cdk-strata'.
import { Access, Gateway, Serving } from '../../lib';
import { ShopRegistry } from './shop-registry';
import type { ShopStack } from './shop-stack';

export interface ScoringStackProps extends StackProps {
  readonly shop: ShopStack;
  /** Whose tokens are accepted. */
  readonly issuer: string;
}

/** What is new: one layer of Strata, with the app's own registry behind it and its own issuer before it. */
export class ScoringStack extends Stack {
  constructor(scope: Construct, id: string, { shop, issuer, ...props }: ScoringStackProps) {
    super(scope, id, props);
    const registry = new ShopRegistry(shop, 'Models', {
      table: shop.table,
      files: shop.files,
      key: shop.key,
    });
    const gateway = new Gateway(this, 'Gateway', {
      access: Access.oidc({ issuer, audience: ['scoring'] }),
    });
    new Serving(this, 'Serving', { registry, gateway });
    new CfnOutput(this, 'Endpoint', { value: gateway.url });
  }
}
