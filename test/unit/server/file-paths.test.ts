import { expect, it } from 'vitest';
import { FilePaths } from '../../../server/file-paths.ts';

it('holds the files of a version until it goes, and those that another has too until that goes', () => {
  const paths = new FilePaths();
  paths.set(
    'a',
    new Map([
      ['weights', '/w'],
      ['a.onnx', '/a'],
    ]),
  );
  paths.set(
    'b',
    new Map([
      ['weights', '/w'],
      ['b.onnx', '/b'],
    ]),
  );
  expect([paths.of('a.onnx'), paths.of('b.onnx')]).toEqual(['/a', '/b']);
  paths.delete('a');
  expect([paths.of('a.onnx'), paths.of('weights')]).toEqual([undefined, '/w']);
  paths.delete('b');
  expect([paths.of('weights'), paths.size]).toEqual([undefined, 0]);
});
