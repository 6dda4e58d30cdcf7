import { parseTemplate } from './template';

it('takes what a pod may have besides', () => {
  const text = 'resources: { limits: { memory: 1Gi } }\ntolerations: [{ key: backup, operator: Exists }]';
  expect(parseTemplate(text, 'movers.yaml')).toEqual({
    resources: { limits: { memory: '1Gi' } },
    tolerations: [{ key: 'backup', operator: 'Exists' }],
  });
  expect(parseTemplate('', 'movers.yaml')).toEqual({});
});

it('refuses what is not the operator’s to say, with every reason at once', () => {
  const text = 'hostNetwork: true\nimagePullPolicy: Sometimes\n';
  expect(() => parseTemplate(text, 'movers.yaml')).toThrow(
    expect.objectContaining({
      type: 'InvalidSpec',
      details: expect.objectContaining({
        toolMessage: expect.stringMatching(/imagePullPolicy[^]*hostNetwork/) as string,
      }) as object,
    }) as Error,
  );
});
