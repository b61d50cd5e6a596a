import { type IPropertyInjector, PropertyInjectors } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';

/** Encrypts the log groups that are made below `scope` from now on, unless they have a key of their own. */
export function encryptLogs(scope: IConstruct, encryptionKey: kms.IKey): void {
  const injector: IPropertyInjector = {
    constructUniqueId: logs.LogGroup.PROPERTY_INJECTION_ID,
    inject: (props: logs.LogGroupProps): logs.LogGroupProps => ({ encryptionKey, ...props }),
  };
  PropertyInjectors.of(scope).add(injector);
}
