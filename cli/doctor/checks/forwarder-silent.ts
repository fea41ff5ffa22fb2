import { ago } from '../../view/text.ts';
import type { Check } from '../check.ts';

/** No forwarder sends for the cluster. */
export const forwarderSilent: Check = {
  code: 'ME501',
  name: 'forwarder-silent',
  reason: 'Nobody tells of pods that change: addresses wait for the next sweep.',
  fix: 'kubectl get pods -A -l app.kubernetes.io/name=multus-eni-forwarder, and its log.',
  source: 'docs/design.md, "Messages"',
  asks: 'installed',
  find({ leader, now, view }) {
    if (leader === undefined || view === undefined) return [];
    const about = view.cluster;
    if (leader === 'none') return [{ about, text: `${about} has no Lease of a forwarder` }];
    const { holder, renewedAt, durationSeconds, namespace } = leader;
    if (holder !== '' && now - renewedAt <= durationSeconds * 1000) return [];
    const who = holder === '' ? 'nobody leads' : `${holder} led`;
    return [
      { about, text: `${who}, and the Lease in ${namespace} was renewed ${ago(renewedAt, now)}` },
    ];
  },
};
