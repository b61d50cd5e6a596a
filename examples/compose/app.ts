import { App } from 'aws-cdk-lib';
import { ScoringStack } from './scoring-stack';
import { ShopStack } from './shop-stack';

const app = new App();
const shop = new ShopStack(app, 'Shop');
new ScoringStack(app, 'Scoring', { shop, issuer: 'https://login.example.com' });
