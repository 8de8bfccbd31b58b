import type { ConversationEvent } from '../agents/events.js';
import type { Logger } from '../log.js';
import type { SessionServices } from './session-services.js';
import { settleTurn, type TurnAccounts } from './turn-accounts.js';
import type { Notify } from './viewer.js';

/** Passes a conversation's event on to its viewers, counted and logged; those of history and memory are not for them. */
export function passOn(
  event: ConversationEvent,
  accounts: TurnAccounts & Pick<SessionServices, 'remember'> & { logger: Logger },
  broadcast: Notify,
): void {
  const { metrics, logger, remember } = accounts;
  switch (event.type) {
    case 'state':
      broadcast('state', { state: event.state });
      break;
    case 'transcript': {
      const { turnId, participantId, text, final } = event;
      if (final) metrics.turns.inc();
      broadcast('transcript', { turnId, participantId, text, final });
      break;
    }
    case 'caption': {
      const { utteranceId, index, word } = event;
      broadcast('caption', { utteranceId, index, word });
      break;
    }
    case 'sources':
      broadcast('sources', { utteranceId: event.utteranceId, sources: event.sources });
      break;
    case 'utterance-end': {
      const { utteranceId, text, interrupted } = event;
      broadcast('utterance-end', { utteranceId, text, interrupted });
      break;
    }
    case 'interruption': {
      const { phase, utteranceId, sinceOnsetMs } = event;
      metrics.interruptions.inc({ phase });
      broadcast('interruption', { phase, utteranceId, sinceOnsetMs });
      break;
    }
    case 'latency': {
      const { turnId, utteranceId, latency } = event;
      broadcast('latency', { turnId, utteranceId, latency, ledger: settleTurn(event, accounts) });
      break;
    }
    case 'moderation':
      metrics.moderation.inc({ side: event.side, action: event.action });
      break;
    case 'handover':
      broadcast('handover', {});
      break;
    case 'memory':
      remember?.(event.visitor, event.openedAtMs, event.fact);
      break;
    case 'error':
      metrics.errors.inc({ code: event.error.code });
      logger.warn({ code: event.error.code, reason: event.error.message }, 'conversation reported an error');
      broadcast('session-error', event.error);
      break;
  }
}
