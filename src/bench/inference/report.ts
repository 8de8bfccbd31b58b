import type { ProbedProvider } from '../../inference/providers.js';
import { ms, table } from '../figures.js';
import type { AvatarFigures, LoadFigures } from './avatars.js';
import type { MachineRates } from './machine.js';
import type { NetworkFigures, NetworkReport } from './networks.js';

export interface InferenceResult {
  machine: { processor: string; cores: number; rates: MachineRates };
  providers: ProbedProvider[];
  avatars: { figures: AvatarFigures; load: LoadFigures | null }[];
  networks: NetworkReport[];
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const mega = (value: number) => (value / 1e6).toFixed(0);

/** What was measured, as tables. */
export function renderInference({ machine, providers, avatars, networks }: InferenceResult): string {
  const { processor, cores, rates } = machine;
  const rows = networks.flatMap(({ figures }) => figures.map(networkRow));
  const header = ['network', 'provider', 'batch', 'ms p50', 'p95', 'frames/s', 'MFLOP', 'MB', 'floor ms', 'ratio'];
  return [
    `${processor}, ${cores} cores; one thread: ${rates.gflops.toFixed(0)} GFLOP/s (matrix product), ${rates.gbytes.toFixed(1)} GB/s (copying)`,
    ...providers.map(({ provider, isUsable, reason }) => `${provider}: ${isUsable ? 'usable' : `absent (${reason})`}`),
    ...['', 'Drawing on one thread, without encoding', ''],
    table(AVATAR_HEADER, avatars.map(avatarRow)),
    ...avatars.flatMap(({ figures, load }) => (load?.refused ? [`${figures.avatar}, one more: ${load.refused}`] : [])),
    ...['', 'Networks, by frame', '', table(header, rows)],
    ...networks.flatMap(({ limit }) => (limit === undefined ? [] : [limit])),
  ].join('\n');
}

const AVATAR_HEADER = [
  'avatar',
  'family',
  'ms p50',
  'p95',
  'frames/s',
  'first frame ms',
  'MB',
  '25 fps at once',
  'missed',
];

function avatarRow({ figures: f, load }: InferenceResult['avatars'][number]): string[] {
  const missed =
    load === null ? '–' : `${load.missed} of ${load.due} (${percent(load.missed / Math.max(1, load.due))})`;
  return [
    ...[f.avatar, f.family, ms(f.msP50), ms(f.msP95), ms(f.framesPerSecond), ms(f.firstFrameMs), mega(f.memoryBytes)],
    ...[load === null ? '–' : `${load.conversations} for ${load.seconds} s`, missed],
  ];
}

function networkRow(f: NetworkFigures): string[] {
  return [
    ...[f.network, f.provider, String(f.batch), ms(f.msP50), ms(f.msP95), ms(f.framesPerSecond)],
    ...[mega(f.work.flops), (f.work.bytes / 1e6).toFixed(1), ms(f.floorMs ?? undefined), f.ratio?.toFixed(1) ?? '–'],
  ];
}
