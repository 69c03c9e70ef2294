// What analytics.js puts on window, for pages written in TypeScript: /// <reference path="footfall.d.ts" />
// (analytics.core.js has no identify.)

interface Footfall {
  /** Records an event of the page's own. The name has at most 100 characters; properties are JSON, at most 32 KiB. */
  track(name: string, properties?: Record<string, unknown>): void;
  /** Puts a user_id, at most 200 characters, on all events from now on, on every page; without one, forgets it. */
  identify(userId?: string | null): void;
  /** Deletes what waits in this browser; nothing more is recorded on this site until optIn. */
  optOut(): void;
  /** Records again, beginning with a view of this page. Does not overrule what the browser asks for. */
  optIn(): void;
  /** Whether nothing is recorded: after optOut, or as the browser asks by Do Not Track or Global Privacy Control. */
  optedOut(): boolean;
}

/** An event as it is sent. */
interface FootfallEvent {
  event_id: string;
  event_type: string;
  /** RFC 3339. */
  timestamp: string;
  page_url: string;
  page_title: string;
  button_id?: string;
  session_id: string;
  user_agent: string;
  referrer: string;
  site?: string;
  user_id?: string;
  language: string;
  /** CSS pixels. */
  screen_width: number;
  metadata: Record<string, unknown>;
}

interface FootfallReport {
  event: FootfallEvent;
  /** Of the HTTP answer; 0 where there is none (yet). */
  status: number;
  eventId: string;
}

interface Window {
  footfall: Footfall;
}

interface WindowEventMap {
  /** Recorded (status 0), or refused for now and kept. */
  "footfall:queued": CustomEvent<FootfallReport>;
  /** Answered for good: kept by the server (200), or refused. */
  "footfall:sent": CustomEvent<FootfallReport>;
}
