// What analytics.js defines on window, for pages written in TypeScript: /// <reference path="footfall.d.ts" />
// (analytics.core.js has no identify.)

/** What window.footfall may say before the script has loaded, instead of attributes of its tag. */
interface FootfallOptions {
  site?: string;
  endpoint?: string;
  hash?: boolean;
  downloads?: string | string[];
  notFound?: boolean;
}

interface Footfall extends FootfallOptions {
  /**
   * Records a custom event. The name has at most 100 characters; properties are JSON, at most 32 KiB. What JSON cannot hold
   * is left out, and `left_out` in the metadata names it.
   */
  track(name: string, properties?: Record<string, unknown>): void;
  /** Adds a user_id, at most 200 characters, to all events from now on, on every page; without an argument, clears it. */
  identify(userId?: string | null): void;
  /** Deletes the events queued in this browser; nothing more is recorded on this site until optIn. */
  optOut(): void;
  /** Records again, beginning with a view of this page. Has no effect if the browser asks not to be tracked. */
  optIn(): void;
  /** Whether recording is off: after optOut, or because of Do Not Track or Global Privacy Control. */
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
  /** Of the HTTP response; 0 if there is none (yet). */
  status: number;
  eventId: string;
}

interface Window {
  footfall: Footfall;
}

interface WindowEventMap {
  /** Recorded (status 0), or refused for now and kept for a retry. */
  "footfall:queued": CustomEvent<FootfallReport>;
  /** The final answer: stored by the server (200), or rejected. */
  "footfall:sent": CustomEvent<FootfallReport>;
}
