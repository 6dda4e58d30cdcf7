import { parseFeatures } from './features';
import { parseEntries } from './listing';

/** The lines of interest of zfs-fuse 0.7.0, and of OpenZFS 2.2. */
const FUSE = `
	snapshot [-r] [-o property=value] ... <filesystem@snapname|volume@snapname>
	send [-RDp] [-[iI] snapshot] <snapshot>
	receive [-vnF] <filesystem|volume|snapshot>
	receive [-vnF] -d <filesystem>
`;
const OPENZFS = `
	bookmark <snapshot|bookmark> <newbookmark>
	send [-DLPbcehnpsVvw] [-i|-I snapshot]
	     [-R [-X dataset[,dataset]...]]     <snapshot>
	send [-DnVvPLecw] [-i bookmark|snapshot] --redact <bookmark> <snapshot>
	send [-nVvPe] -t <receive_resume_token>
	receive [-vMnsFhu] [-o <property>=<value>] ... [-x <property>] ...
	    <filesystem|volume|snapshot>
	receive -A <filesystem|volume>
`;

it('finds in its usage what a ZFS can do', () => {
  expect(parseFeatures(FUSE, '\tused  NO  NO  <size>\n')).toEqual({
    ...{ bookmarks: false, resume: false, receiveUnmounted: false, raw: false },
    ...{ estimates: false, written: false, encryption: false },
  });
  const properties = '\twritten         NO       NO   <size>\n\tencryption      NO      YES   on | off\n';
  expect(parseFeatures(OPENZFS, properties)).toEqual({
    ...{ bookmarks: true, resume: true, receiveUnmounted: true, raw: true },
    ...{ estimates: true, written: true, encryption: true },
  });
});

it('tells what was set here from what is inherited, and leaves out what there is not', () => {
  const text = [
    'tank/wiki\tguid\t1\t-',
    'tank/wiki\ttidemark:claims\t{"a":"b\tc"}\tlocal',
    'tank/wiki@x\ttidemark:claims\t{}\tinherited from tank/wiki',
    'tank/wiki@x\torigin\t-\t-',
    'tank/wiki#y\tguid\t3\t-',
    '',
  ].join('\n');
  const [dataset, snapshot, bookmark] = parseEntries(text);
  expect(dataset).toMatchObject({
    kind: 'dataset',
    properties: { guid: '1', 'tidemark:claims': '{"a":"b\tc"}' },
  });
  expect([...(dataset?.local ?? [])]).toEqual(['tidemark:claims']);
  expect(snapshot).toMatchObject({ kind: 'snapshot', dataset: 'tank/wiki', own: 'x' });
  expect([...(snapshot?.local ?? [])]).toEqual([]);
  expect(snapshot?.properties['origin']).toBeUndefined();
  expect(bookmark).toMatchObject({ kind: 'bookmark', own: 'y' });
});
