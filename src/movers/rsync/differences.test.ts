import { explainItem, pathOfItem, unescapeName } from './differences';

describe('explainItem', () => {
  it.each([
    ['<fc........', ['content']],
    ['<fcst......', ['content', 'size', 'time']],
    ['.f...pog.ax', ['permissions', 'owner', 'group', 'acl', 'xattr']],
    ['cLc.T......', ['content', 'time']],
    ['hf         ', ['link']],
    ['cd+++++++++', ['missing']],
    ['*deleting  ', ['extra']],
  ])('says what differs: %s', (code, what) => {
    expect(explainItem({ code, name: 'x' })).toEqual(what);
  });
});

describe('names', () => {
  it('are bytes again once unescaped', () => {
    expect(unescapeName('\\#377\\#134#123é\\#012')).toEqual(
      Buffer.concat([Buffer.from([0xff]), Buffer.from('\\#123é\n')]),
    );
  });

  it('lose the slash that marks a folder', () => {
    expect(pathOfItem({ code: 'cd+++++++++', name: 'a/b/' })).toBe('a/b');
    expect(pathOfItem({ code: '.d..t......', name: './' })).toBe('.');
  });
});
