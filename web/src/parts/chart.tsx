// Response times by stage, as a chart and as the table it was drawn from.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Rollup } from '../api';
import { moment, ms, utc } from '../words';
import { Table } from './small';

const STAGES = [
  { key: 'resolve_ms', label: 'DNS', dash: [] },
  { key: 'connect_ms', label: 'TCP', dash: [6, 3] },
  { key: 'secure_ms', label: 'TLS', dash: [2, 3] },
  { key: 'wait_ms', label: 'answer', dash: [8, 3, 2, 3] },
  { key: 'total_ms', label: 'all', dash: [] },
] as const;

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function Times({ rows }: { rows: Rollup[] }) {
  const place = useRef<HTMLDivElement>(null);
  const [asTable, set] = useState(false);
  useEffect(() => {
    const box = place.current;
    if (asTable || !box || rows.length === 0) return;
    const xs = rows.map((row) => Date.parse(row.start) / 1000);
    const ys = STAGES.map((stage) => rows.map((row) => row[stage.key]));
    const ink = colour('--soft');
    const axis = { stroke: ink, grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line') } };
    const plot = new uPlot({
      width: box.clientWidth, height: 240, cursor: { drag: { x: false, y: false } },
      ...(utc.value ? { tzDate: (at: number) => uPlot.tzDate(new Date(at * 1000), 'Etc/UTC') } : {}),
      scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, (high ?? 1) * 1.1)] } },
      axes: [axis, { ...axis, size: 64, values: (_plot: uPlot, ticks: number[]) => ticks.map((tick) => `${tick} ms`) }],
      series: [{ value: (_plot: uPlot, at: number | null) => at === null ? '-' : moment(new Date(at * 1000).toISOString()) },
        ...STAGES.map((stage, n) => ({ label: stage.label, stroke: colour(`--series-${n}`), width: stage.key === 'total_ms' ? 2 : 1.3, dash: [...stage.dash], value: (_plot: uPlot, value: number | null) => ms(value), points: { show: rows.length < 3 } }))],
    }, [xs, ...ys] as uPlot.AlignedData, box);
    const fit = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 240 }));
    fit.observe(box);
    return () => { fit.disconnect(); plot.destroy(); };
  }, [rows, asTable, utc.value]);
  if (rows.length === 0) return <p>No figures in this time yet: they are kept a minute at a time.</p>;
  const last = rows[rows.length - 1]!;
  return (
    <div>
      <p class="chart-tools"><button type="button" aria-pressed={asTable} onClick={() => set(!asTable)}>{asTable ? 'Show chart' : 'Show table'}</button></p>
      {asTable
        ? <Table caption="Mean response times by stage" head={['From', ...STAGES.map((stage) => stage.label), 'Checks', 'Failed']}>
            {[...rows].reverse().map((row) => <tr key={row.start + row.vantage}><td>{moment(row.start)}</td>{STAGES.map((stage) => <td key={stage.key}>{ms(row[stage.key])}</td>)}<td>{row.ok + row.degraded + row.down + row.unknown}</td><td>{row.down}</td></tr>)}
          </Table>
        : <div ref={place} class="plot" role="img" aria-label={`Response times, ${rows.length} points, the newest ${ms(last.total_ms)}. The table has the same figures.`} />}
    </div>
  );
}
