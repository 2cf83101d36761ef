/**
 * A client of Relance's HTTP API (version 1): one file for whatever has `fetch` (Node 20, Deno, Bun,
 * workers), which needs nothing else.
 *
 *     const relance = new Relance({ url: "https://lettres.example.org", key: "relance_…" });
 *     await relance.subscribe({ email: "fanny@example.org", list: "acheteurs", basis: "double-opt-in" });
 *
 * Each call that changes something carries an Idempotency-Key of its own, so that it is sent again
 * after a lost answer without being done twice. Where the installation says when to come back
 * (Retry-After), the client waits. A refusal is a Problem; where no answer came, it is NoAnswer.
 * The key is a secret: it has no place in a page that is sent to readers.
 *
 * Written by clients/generate.py: a change made here is lost.
 * SPDX-License-Identifier: MIT
 */

export interface Options {
  /** The address of the installation's site. */
  readonly url: string;
  /** A key of `relance api-key create`. */
  readonly key: string;
  /** For each answer, in milliseconds; 30 000 without it. */
  readonly timeout?: number | undefined;
  /** How often a call is sent again at most; 4 without it. */
  readonly retries?: number | undefined;
  /**
   * The longest wait in milliseconds, 120 000 without it: beyond, the Problem says in `retryAfter`
   * when to come back.
   */
  readonly longestWait?: number | undefined;
}

export interface CallOptions {
  /** Your name for this call; without it, one is made. */
  readonly idempotencyKey?: string | undefined;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

/** A call was refused: RFC 9457. Its message is a sentence for people. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** Every mistake in the call, where it was wrong (400). */
  readonly mistakes: readonly string[];
  /** In how many milliseconds to come back, where the installation said so. */
  readonly retryAfter: number | undefined;
  /** The key the call was sent under. */
  readonly idempotencyKey: string | undefined;

  constructor(status: number, said: ProblemDocument, retryAfter?: number, idempotencyKey?: string) {
    const title = said.title ?? "refused";
    super(said.detail ? `${status} ${title}: ${said.detail}` : `${status} ${title}`);
    this.status = status;
    this.title = title;
    this.detail = said.detail ?? "";
    this.mistakes = said.mistakes ?? [];
    this.retryAfter = retryAfter;
    this.idempotencyKey = idempotencyKey;
  }
}

/**
 * No answer came, or one that is none of the API. The call may have been carried out: under the same
 * `idempotencyKey` it can be sent again without being done twice.
 */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly idempotencyKey: string | undefined;

  constructor(why: string, cause: unknown, idempotencyKey?: string) {
    super(why, { cause });
    this.idempotencyKey = idempotencyKey;
  }
}

interface ProblemDocument {
  readonly title?: string;
  readonly detail?: string;
  readonly mistakes?: readonly string[];
}

export type ReadEventsType =
  | "subscriber-registered"
  | "profile-changed"
  | "consent-requested"
  | "consent-given"
  | "ground-declared"
  | "consent-confirmed"
  | "consent-expired"
  | "permission-asked"
  | "permission-renewed"
  | "purpose-stopped"
  | "consent-withdrawn"
  | "preferences-set"
  | "list-joined"
  | "list-left"
  | "list-moved"
  | "list-copied"
  | "list-transferred"
  | "letter-answered"
  | "move-undone"
  | "letter-begun"
  | "letter-sent"
  | "letter-deferred"
  | "letter-failed"
  | "letter-withheld"
  | "letter-retried"
  | "letter-directed"
  | "letter-in-doubt"
  | "mail-bounced"
  | "mail-complained"
  | "subscriber-suppressed"
  | "subscriber-reachable"
  | "contact-noted"
  | "anchor-reached"
  | "call-honoured"
  | "segment-entered"
  | "segment-left"
  | "rules-applied"
  | "order-recorded"
  | "order-refunded"
  | "processing-restricted"
  | "right-exercised"
  | "right-extended"
  | "right-answered"
  | "proof-archived"
  | "proof-opened"
  | "profile-read"
  | "subscriber-erased"
  | "words-published"
  | "sequence-published"
  | "configuration-published"
  | "versions-published"
  | "notice-published"
  | "form-published"
  | "broadcast-fell-due"
  | "sending-paused"
  | "sending-resumed"
  | "ledger-restored"
  | "retention-applied"
  | "breach-recorded"
  | "people-exported"
  | "publication-proposed"
  | "publication-approved"
  | "role-given"
  | "account-removed"
  | "doctor-ran"
  | "form-tried"
  | "suppression-lifted"
  | "origin-begun"
  | "signing-key-changed"
  | "clock-changed";

export interface Lists {
  items: List[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface List {
  /** Its number. */
  id: number;
  /** Good for `list` in other calls too. */
  name: string;
  /** As its readers know it. */
  title: string | null;
  /** What its readers agreed to. */
  purpose: string;
  /** Who they are. */
  group: string | null;
  /** How many stand on it. */
  people: number;
}

export interface ListWithLetters {
  /** Its number. */
  id: number;
  /** Good for `list` in other calls too. */
  name: string;
  /** As its readers know it. */
  title: string | null;
  /** What its readers agreed to. */
  purpose: string;
  /** Who they are. */
  group: string | null;
  /** How many stand on it. */
  people: number;
  letters: Letter[];
}

export interface Letter {
  /** Its name within the list. */
  id: string;
  /** As it is written, before a reader's fields are put in. */
  subject: string;
  /** In a few words. */
  due: string;
}

export interface ListMembers {
  items: ListMember[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface ListMember {
  /** The person's random id. */
  subscriber: string;
  /** When they came onto it. */
  since: string;
  how: "joined" | "moved" | "copied" | "transferred" | "reopened";
  email?: string;
  /** Those that are known, as `fields` of other calls takes them. */
  fields?: { [name: string]: string | number | boolean | string[] };
  /** Where the address came from; null where they gave it here themselves. */
  source?: string | null;
  /** The form they came by. */
  form?: string | null;
}

export interface Segments {
  items: Segment[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface Segment {
  /** Good for `segment` in other calls. */
  id: string;
  name: string;
  /** The segment it is a part of. */
  within: string | null;
  /** People are put into it; who is in another follows from its conditions. */
  static: boolean;
  /** How many are in it, counted at most a minute ago; null while it is being built. */
  people: number | null;
}

export interface SegmentWithLines {
  /** Good for `segment` in other calls. */
  id: string;
  name: string;
  /** The segment it is a part of. */
  within: string | null;
  /** People are put into it; who is in another follows from its conditions. */
  static: boolean;
  /** How many are in it, counted at most a minute ago; null while it is being built. */
  people: number | null;
  all: string[];
  any: string[];
  none: string[];
}

export interface SegmentMembers {
  items: SegmentMember[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface SegmentMember {
  /** The person's random id. */
  subscriber: string;
  email?: string;
  /** Those that are known, as `fields` of other calls takes them. */
  fields?: { [name: string]: string | number | boolean | string[] };
  /** Where the address came from; null where they gave it here themselves. */
  source?: string | null;
  /** The form they came by. */
  form?: string | null;
}

export interface Purposes {
  items: Purpose[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface Purpose {
  /** Good for `purpose` in other calls. */
  id: string;
  /** As readers know it. */
  name: string;
  description: string | null;
  /** Whose messages they are, where they are not your own. */
  partner: string | null;
}

export interface Fields {
  items: Field[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface Field {
  /** Its name in `fields` of other calls. */
  id: string;
  /** As forms show it. */
  label: string;
  type: "text" | "number" | "date" | "choice" | "choices" | "yes-no";
  /** Of a choice or choices. */
  options: string[];
}

/** What came of a call. */
export interface Answer {
  /** Whether this call changed anything. */
  done: boolean;
  /** True when this very call was carried out before under its Idempotency-Key. */
  already?: boolean;
  said: string;
  /** The person's random id. */
  subscriber: string | null;
}

export interface WhereAPersonStands {
  known: boolean;
  /** The person's random id. */
  subscriber: string | null;
  memberships: Membership[];
  purposes: PurposeOfPerson[];
  preferences: Preferences | null;
  /** When they agreed to be measured; null where they do not. */
  measured_since: string | null;
  /** Why this address is never written to. */
  suppressed: string | null;
}

export interface Membership {
  /** The list's number. */
  list: number;
  /** The list's name. */
  name: string;
  since: string;
  /** How often the person has joined it. */
  run: number;
}

export interface PurposeOfPerson {
  /** The purpose's id. */
  id: string;
  status: "live" | "withdrawn" | "requested";
  /** On what ground: consent, soft-optin, b2b, service. */
  basis: string;
  since: string;
}

export interface Preferences {
  /** Codes; none chosen: all of them. */
  themes: string[];
  /** Codes; none chosen: all of them. */
  contents: string[];
  frequency: "as-it-comes" | "weekly" | "monthly";
  /** The end of the latest pause. */
  paused_until: string | null;
}

export interface People {
  items: PersonOfPage[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface PersonOfPage {
  /** The person's random id. */
  subscriber: string;
  known_since: string;
  email?: string;
  /** Those that are known, as `fields` of other calls takes them. */
  fields?: { [name: string]: string | number | boolean | string[] };
  /** Where the address came from; null where they gave it here themselves. */
  source?: string | null;
  /** The form they came by. */
  form?: string | null;
}

export interface Person {
  /** The person's random id. */
  subscriber: string;
  known_since: string;
  email: string;
  /** Those that are known, as `fields` of other calls takes them. */
  fields: { [name: string]: string | number | boolean | string[] };
  /** Where the address came from; null where they gave it here themselves. */
  source: string | null;
  /** The form they came by. */
  form: string | null;
  language: string | null;
  timezone: string | null;
  /** When what is known of them last changed. */
  profile_changed_at: string | null;
  /** When they were last in touch. */
  last_contact: string | null;
  /** The ids of the segments they are in. */
  segments: string[];
  /** Nothing is sent or deleted until it is lifted. */
  restricted: boolean;
  /** They objected to marketing. */
  objected: boolean;
  /** Why nothing may be written to them, for any purpose. */
  barred: string | null;
  /** Of what happened to them. */
  version: number;
  memberships: Membership[];
  purposes: PurposeOfPerson[];
  preferences: Preferences | null;
  /** When they agreed to be measured; null where they do not. */
  measured_since: string | null;
  /** Why this address is never written to. */
  suppressed: string | null;
}

export interface Memberships {
  items: Membership[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface OrdersOfPerson {
  items: OrderOfPerson[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export interface OrderOfPerson {
  /** Random: its number is known to you alone. */
  id: string;
  ordered_at: string;
  /** In the currency's own unit. */
  amount: string;
  /** What was paid back of it. */
  refunded: string;
  currency: string;
  /** Your own codes. */
  products: string[];
}

export interface Events {
  items: Event[];
  /** Of the next page; null on the last. */
  next: number | null;
  /** Up to here they were read: `after` of a later call. */
  position: number;
}

export interface Event {
  /** Its place in the ledger, from 1, without a gap. */
  position: number;
  type: string;
  /** When it was so. */
  at: string;
  /** When it was written down. */
  recorded_at: string;
  /** The person's random id. */
  subscriber: string | null;
  cause: CauseOfEvent;
  /** By its type, as docs/format.md lists them; instants are milliseconds. */
  data: { [name: string]: unknown };
}

export interface CauseOfEvent {
  /** By which way it came. */
  door: string;
  /** What it answers, as an opaque id. */
  ref: string | null;
}

export interface ErasureAnswer {
  done: boolean;
  said: string;
  receipt?: ErasureReceipt;
}

export interface ErasureReceipt {
  /** The opaque id, good to be quoted by. */
  subscriber: string;
  at: string;
  /** Of the fact in the ledger. */
  position: number;
  deleted: { [name: string]: number };
  kept: string[];
}

export interface OpenRequest {
  /** The request's id. */
  request: string;
  /** The person's random id. */
  subscriber: string;
  right: "access" | "rectification" | "restriction" | "objection" | "withdrawal" | "erasure" | "portability";
  due_at: string;
  late: boolean;
}

export interface Broadcasts {
  items: Broadcast[];
}

export interface Broadcast {
  id: string;
  subject: string;
  /** Of the folder against what is in force. */
  state: "in force" | "new" | "changed" | "taken out";
  /** The file it is written in. */
  dialogue: string;
  /** The purpose whose readers get it. */
  purpose: string;
  /** Numbers of lists. */
  to: number[];
  /** Ids of segments. */
  segments: string[];
  /** Local time of the installation. */
  on: string | null;
  /** A cron line. */
  every: string | null;
  /** The date that matters it is counted from, in words. */
  anchored: string | null;
  /** When it leaves next, once published. */
  next: string | null;
  /** When it fell due, the latest last. */
  left: Occurrence[];
  results: BroadcastCounts;
}

export interface Occurrence {
  occurrence: string;
  at: string;
}

export interface BroadcastCounts {
  due: number;
  accepted: number;
  refused: number;
  withheld: number;
  put_off: number;
  in_doubt: number;
  under_way: number;
  answered: number;
  unsubscribed: number;
}

export interface NewBroadcastAnswer {
  /** Whether this call changed anything. */
  done: boolean;
  /** True when this very call was carried out before. */
  already?: boolean;
  said: string;
  /** Its id. */
  broadcast: string | null;
}

export interface WholeBroadcast {
  id: string;
  subject: string;
  /** Of the folder against what is in force. */
  state: "in force" | "new" | "changed" | "taken out";
  /** The file it is written in. */
  dialogue: string;
  /** The purpose whose readers get it. */
  purpose: string;
  /** Numbers of lists. */
  to: number[];
  /** Ids of segments. */
  segments: string[];
  /** Local time of the installation. */
  on: string | null;
  /** A cron line. */
  every: string | null;
  /** The date that matters it is counted from, in words. */
  anchored: string | null;
  /** When it leaves next, once published. */
  next: string | null;
  /** When it fell due, the latest last. */
  left: Occurrence[];
  results: BroadcastCounts;
  /** To whom it would go now; null while a segment is not published. */
  people: number | null;
  /** In Markdown. */
  words: string;
}

export interface TestAnswer {
  /** Whether this call changed anything. */
  done: boolean;
  /** True when this very call was carried out before. */
  already?: boolean;
  said: string;
}

export interface SendAnswer {
  /** Whether this call changed anything. */
  done: boolean;
  /** True when this very call was carried out before. */
  already?: boolean;
  said: string;
  /** The name of this mailing. */
  occurrence: string | null;
  /** To how many it goes. */
  people: number | null;
}

export interface Results {
  items: Result[];
}

export interface Result {
  /** What they are grouped by. */
  name: string;
  /** All that fell due. */
  due: number;
  /** Taken by a mail server: what shares are of. */
  accepted: number;
  refused: number;
  withheld: number;
  put_off: number;
  in_doubt: number;
  under_way: number;
  /** Why they were withheld. */
  reasons: { [name: string]: number };
  /** By kind: hard, soft, blocked, gave-up. */
  bounced: { [name: string]: number };
  complained: number;
  unsubscribed: number;
  /** People who answered. */
  answered: number;
  unanswered: number;
  answers: AnswerCount[];
  /** By list. */
  moved: { [name: string]: number };
  /** By list. */
  copied: { [name: string]: number };
  /** Within seven days of the letter. */
  sales: Sales[];
  /** Within seven days of an act in it. */
  after_act: Sales[];
  /** To its links; by letter only. Neither is an act. */
  visits: VisitCount[];
  /** How its trial stands, where it is tried. */
  versions?: { [name: string]: unknown }[];
}

export interface AnswerCount {
  /** The words of the link. */
  label: string;
  people: number;
  /** Of them, those whose page acted by itself. */
  by_page: number;
}

export interface Sales {
  /** Of ISO 4217. */
  currency: string;
  orders: number;
  /** In the currency's smallest unit. */
  amount: number;
  refunds: number;
  /** In the currency's smallest unit. */
  refunded: number;
}

export interface VisitCount {
  kind: string;
  link: string;
  /** Whoever came, robots too. */
  visits: number;
  presumed_human: number;
}

export interface FormResults {
  items: FormCount[];
}

export interface FormCount {
  form: string;
  /** Its Monday. */
  week: string;
  asked: number;
  confirmed: number;
}

export interface PublicationPlan {
  /** In force; 0 before the first. */
  edition: number;
  published_at: string | null;
  /** Names this very plan; null where the folder cannot be published. */
  digest: string | null;
  /** How many things differ. */
  changes: number;
  /** What differs, as `relance publish` says. */
  lines: string[];
  /** Those that are not fatal only warn. */
  mistakes: MistakeInFile[];
  /** How many people stand on lists that would be gone. */
  stranded: number;
  /** Whether somebody else approves it. */
  approval: "not-needed" | "to-ask" | "asked" | "given";
}

export interface MistakeInFile {
  /** Below sequences/, or config.toml. */
  file: string;
  line: number;
  said: string;
  /** Whether nothing can be published while it stands. */
  fatal: boolean;
}

export interface PublicationAnswer {
  /** Whether this call changed anything. */
  done: boolean;
  /** True when this very call was carried out before. */
  already?: boolean;
  said: string;
  /** In force now. */
  edition: number;
}

export interface Editions {
  items: Edition[];
}

export interface Edition {
  edition: number;
  published_at: string;
  /** The edition it goes back to. */
  rolled_back_to: number | null;
  in_force: boolean;
}

export interface Webhooks {
  items: Webhook[];
}

export interface Webhook {
  name: string;
  /** Whose calls they are. */
  from: string;
  /** Where they are sent to. */
  url: string;
  /** The file it is declared in. */
  dialogue: string;
}

export interface WebhookCalls {
  items: WebhookCall[];
  /** Of the next page; null on the last. */
  next: number | null;
}

export interface WebhookCall {
  id: number;
  webhook: string;
  /** Wall clock. */
  at: string;
  /** How far it is believed; null where it is not. */
  trust: "signed" | "re-read" | "secret-url" | "none" | null;
  /** Why nothing was done, as a code. */
  refusal: string | null;
  /** The same for people. */
  why: string | null;
  facts: FactOfCall[];
}

export interface FactOfCall {
  name: string;
  /** What came of it, as a code. */
  outcome: string;
  /** The same for people. */
  said: string;
  /** The person's random id. */
  subscriber: string | null;
}

export interface Hooks {
  items: Hook[];
}

export interface Hook {
  name: string;
  /** Of its address, which is as good as a password. */
  host: string;
  events: string[];
  standing: "new" | "well" | "retrying" | "failing" | "operator" | "gone" | "dead";
  /** The same for people. */
  said: string;
  secret_usable: boolean;
  /** Told up to here. */
  position: number | null;
  /** Entries it was not looked through for. */
  behind: number;
  /** Messages it took. */
  taken: number;
  failures: number;
  failing_since: string | null;
  /** The last one, for people. */
  answer: string | null;
  answered_at: string | null;
  /** Messages to be tried again. */
  retries: number;
  /** Messages that are not. */
  given_up: number;
  /** The position of the first of them. */
  first_given_up: number | null;
}

export interface HookAnswer {
  /** Whether this call changed anything. */
  done: boolean;
  /** True when this very call was carried out before. */
  already?: boolean;
  said: string;
}

export interface ReadListsInput {
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface ReadListInput {
  /** Number or name of a list. */
  readonly list: string;
}

export interface ReadListMembersInput {
  /** Number or name of a list. */
  readonly list: string;
  /** profile: with addresses and fields, which wants the scope people too and is recorded as an export is. */
  readonly include?: "profile" | undefined;
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface ReadSegmentsInput {
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface ReadSegmentInput {
  /** Id of a segment. */
  readonly segment: string;
}

export interface ReadSegmentMembersInput {
  /** Id of a segment. */
  readonly segment: string;
  /** profile: with addresses and fields, which wants the scope people too and is recorded as an export is. */
  readonly include?: "profile" | undefined;
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface ReadPurposesInput {
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface ReadFieldsInput {
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface SubscribeInput {
  /** The address, as it was written. */
  readonly email: string;
  /** Number or name of the list to join. */
  readonly list: number | string;
  /** The ground. double-opt-in asks the person by mail; the others are declared by you. */
  readonly basis: "double-opt-in" | "consent" | "soft-optin" | "b2b" | "service";
  /** How the address was collected; required for every basis but double-opt-in. */
  readonly source?: string | undefined;
  /** When; required for consent. ISO 8601; without a zone, local time of the installation. */
  readonly collected_at?: string | undefined;
  /** What proves it: a reference, a sentence. */
  readonly proof?: string | undefined;
  /** Order or sale the address was given with; required for soft-optin. */
  readonly order?: string | undefined;
  /** The person's profession; required for b2b, unless the address is a generic one (contact@). */
  readonly function?: string | undefined;
  /** How they could object when the address was collected; required for soft-optin and b2b. */
  readonly objection?: string | undefined;
  /** Values of declared fields, by their names. */
  readonly fields?: { [name: string]: string | number | boolean | readonly string[] } | undefined;
  /** A time zone, for example Europe/Paris, in any case; names of Windows are known too. */
  readonly timezone?: string | undefined;
  /** The person's language: a code (fr, en-GB) or a name (Français, french). */
  readonly language?: string | undefined;
  /** welcome: every letter from now. none: stand on the list, get no letter of it. */
  readonly start?: "welcome" | "none" | undefined;
  /** When the person was last in touch. */
  readonly last_contact?: string | undefined;
}

export interface TransferInput {
  /** The address, as it was written. */
  readonly email: string;
  /** Number or name of the list to leave. */
  readonly from: number | string;
  /** Number or name of the list to join. */
  readonly to: number | string;
}

export interface UnsubscribeInput {
  /** The address, as it was written. */
  readonly email: string;
  /** The id of a purpose, or * for everything. */
  readonly purpose: string;
}

export interface LookUpPersonInput {
  /** The address, as it was written. */
  readonly email: string;
}

export interface SetPreferencesInput {
  /** The address of somebody who is known here. */
  readonly email: string;
  /** Codes of themes; [] is all of them. */
  readonly themes?: readonly string[] | undefined;
  /** Codes of types of content; [] is all of them. */
  readonly contents?: readonly string[] | undefined;
  /** How often at most. */
  readonly frequency?: "as-it-comes" | "weekly" | "monthly" | undefined;
  /** Until when nothing is sent: a day or an instant, a year ahead at most; "" ends a pause. */
  readonly paused_until?: string | undefined;
}

export interface PutIntoSegmentInput {
  /** The address, as it was written. */
  readonly email: string;
  /** The id of a segment without conditions. */
  readonly segment: string;
}

export interface TakeOutOfSegmentInput {
  /** The address, as it was written. */
  readonly email: string;
  /** The id of a segment without conditions. */
  readonly segment: string;
}

export interface ReadPeopleInput {
  /** profile: with addresses and fields, which wants the scope people too and is recorded as an export is. */
  readonly include?: "profile" | undefined;
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface ReadPersonInput {
  /** The random id of a person. */
  readonly subscriber: string;
}

export interface SetFieldsInput {
  /** The random id of a person. */
  readonly subscriber: string;
  /** Values of declared fields, by their names; "" takes one away. */
  readonly fields: { [name: string]: string | number | boolean | readonly string[] };
  /** The ETag of what you read: 412 where it has changed since. */
  readonly ifMatch?: string | undefined;
}

export interface ReadMembershipsInput {
  /** The random id of a person. */
  readonly subscriber: string;
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface ReadOrdersInput {
  /** The random id of a person. */
  readonly subscriber: string;
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the answer before: what follows it. Left out: from the beginning. */
  readonly after?: string | undefined;
}

export interface ReadEventsInput {
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The position of the last event that was read: what follows it in this order. */
  readonly after?: number | undefined;
  /** newest: backwards, the latest first. */
  readonly order?: "oldest" | "newest" | undefined;
  /** Only events of this type; may be given several times. */
  readonly type?: readonly ReadEventsType[] | undefined;
}

export interface ReadEventInput {
  /** Its place in the ledger. */
  readonly position: number;
}

export interface ReadEventsOfPersonInput {
  /** The random id of a person. */
  readonly subscriber: string;
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The position of the last event that was read: what follows it in this order. */
  readonly after?: number | undefined;
  /** newest: backwards, the latest first. */
  readonly order?: "oldest" | "newest" | undefined;
  /** Only events of this type; may be given several times. */
  readonly type?: readonly ReadEventsType[] | undefined;
}

export interface RecordOrderInput {
  /** The address of whoever ordered; somebody who is known here. */
  readonly email: string;
  /** The order's number, as your shop has it. */
  readonly order: string;
  /** What was paid: a text in the currency's own unit, not in cents: "12.50". */
  readonly amount: string;
  /** Three letters (ISO 4217), such as EUR. */
  readonly currency: string;
  /** The codes of what was ordered, as in [[product]]. */
  readonly products?: readonly string[] | undefined;
  /** When; without it, now. */
  readonly ordered_at?: string | undefined;
}

export interface RecordRefundInput {
  /** The order's number, as your shop has it. */
  readonly order: string;
  /** What was paid back: a text in the currency's own unit, not in cents: "12.50". Without it, all that is left. */
  readonly amount?: string | undefined;
  /** The order's own; required with an amount. */
  readonly currency?: string | undefined;
}

export interface ExportPersonInput {
  /** The address, or one the person had before it was corrected. */
  readonly email: string;
  /** Which right is answered by it (default: access). */
  readonly right?: "access" | "portability" | undefined;
}

export interface CorrectPersonInput {
  /** The address, or one the person had before it was corrected. */
  readonly email: string;
  /** The address that is right. */
  readonly new_email?: string | undefined;
  /** Values of declared fields, by their names. */
  readonly fields?: { [name: string]: string | number | boolean | readonly string[] } | undefined;
  /** A time zone, for example Europe/Paris, in any case; names of Windows are known too. */
  readonly timezone?: string | undefined;
  /** The person's language: a code (fr, en-GB) or a name (Français, french). */
  readonly language?: string | undefined;
}

export interface RestrictPersonInput {
  /** The address, or one the person had before it was corrected. */
  readonly email: string;
  /** yes: go on; the person must have been told before. */
  readonly lift?: "yes" | "no" | undefined;
}

export interface ObjectToMarketingInput {
  /** The address, or one the person had before it was corrected. */
  readonly email: string;
}

export interface ErasePersonInput {
  /** The address, or one the person had before it was corrected. */
  readonly email: string;
  /** Seal the proof to [proof] archive_recipient and keep it so long: "5 years". */
  readonly keep_proof?: string | undefined;
  /** yes: do not keep the hash that bars this address from later imports. */
  readonly forget_suppression?: "yes" | "no" | undefined;
}

export interface RecordRequestInput {
  /** The address, or one the person had before it was corrected. */
  readonly email: string;
  /** What the person asked for. */
  readonly right: "access" | "rectification" | "restriction" | "objection" | "withdrawal" | "erasure" | "portability";
  /** When it came in (default: now); the month runs from there. */
  readonly received_at?: string | undefined;
  /** How it came in, or why it was answered so; kept in the vault. */
  readonly note?: string | undefined;
}

export interface AnswerRequestInput {
  /** The request's id. */
  readonly request: string;
  /** extended: the person was told, within the first month, that it takes up to two months more. */
  readonly how: "done" | "refused" | "extended";
  /** How it came in, or why it was answered so; kept in the vault. */
  readonly note?: string | undefined;
}

export interface CreateBroadcastInput {
  /** Its subject; its id is made from it. */
  readonly subject: string;
  /** To whom: numbers or names of lists, "@group", "segment:id", or "everyone". */
  readonly to: readonly string[];
  /** What it says, in Markdown, with links as letters have them. */
  readonly words: string;
  /** When it leaves, on the clock of the installation: "2026-12-01 09:00". This or every. */
  readonly on?: string | undefined;
  /** Or when it comes back, as a cron line: "0 9 1 * *". */
  readonly every?: string | undefined;
  /** The file it is written into; left out: that of its list. */
  readonly dialogue?: string | undefined;
  /** What mail programs show after the subject. */
  readonly preheader?: string | undefined;
  /** The code of a theme. */
  readonly theme?: string | undefined;
  /** The code of a type of content. */
  readonly content?: string | undefined;
  /** After how long the silent are reminded, once: "5 days". */
  readonly reminder?: string | undefined;
}

export interface ReadBroadcastInput {
  /** The broadcast's id. */
  readonly broadcast: string;
}

export interface SendTestInput {
  /** The broadcast's id. */
  readonly broadcast: string;
  /** The address that gets it. */
  readonly to: string;
  /** The address of whom it is made for, if they are known here; left out: as to says. Another than to wants the scope people, and is recorded. */
  readonly reader?: string | undefined;
}

export interface SendNowInput {
  /** The broadcast's id. */
  readonly broadcast: string;
}

export interface ReadResultsInput {
  /** What is added up. */
  readonly by?: "letter" | "mailing" | "dialogue" | "list" | "group" | "purpose" | "week" | undefined;
  /** One letter (prise-en-main/welcome), broadcast, or dialogue's file. */
  readonly letter?: string | undefined;
  /** Of letters begun in the week of this day, or later. */
  readonly since?: string | undefined;
  /** Of letters begun in the week of this day, or before. */
  readonly until?: string | undefined;
}

export interface ReadResultsOfFormsInput {
  /** Of letters begun in the week of this day, or later. */
  readonly since?: string | undefined;
}

export interface ReadPlanInput {
  /** yes: as if new letters also went to those for whom their moment is past. */
  readonly backfill?: "yes" | "no" | undefined;
}

export interface PublishInput {
  /** The digest of the plan that was looked at. */
  readonly digest: string;
  /** yes: new letters also go to those for whom their moment is past. */
  readonly backfill?: "yes" | "no" | undefined;
  /** yes: you know that people stand on lists that would be gone. */
  readonly stranded?: "yes" | "no" | undefined;
}

export interface ReadWebhookCallsInput {
  /** How many at most in one answer. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. Left out: from the latest. */
  readonly after?: number | undefined;
  /** Only of this one. */
  readonly webhook?: string | undefined;
}

export interface ReplayHookInput {
  /** The hook's name. */
  readonly hook: string;
  /** The position after which it is told. This or since. */
  readonly after?: number | undefined;
  /** Or the moment since when. */
  readonly since?: string | undefined;
}

export interface EnableHookInput {
  /** The hook's name. */
  readonly hook: string;
}

export interface DisableHookInput {
  /** The hook's name. */
  readonly hook: string;
}

export interface Call {
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string | null | undefined>> | undefined;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const etags = new WeakMap<object, string>();

/** The version of what a call answered, for `ifMatch` of the call that changes it. */
export function etagOf(answer: object): string | undefined {
  return etags.get(answer);
}

/** One installation, as a key of `relance api-key create` may use it. */
export class Relance {
  readonly url: string;
  readonly #key: string;
  readonly #timeout: number;
  readonly #retries: number;
  readonly #longestWait: number;

  constructor(options: Options) {
    this.url = options.url.replace(/\/+$/, "");
    this.#key = options.key;
    this.#timeout = options.timeout ?? 30_000;
    this.#retries = options.retries ?? 4;
    this.#longestWait = options.longestWait ?? 120_000;
  }

  /**
   * The lists that are published, with how many stand on each.
   *
   * `GET /api/v1/lists`, scope `read`.
   */
  async readLists(input: ReadListsInput = {}, options: CallOptions = {}): Promise<Lists> {
    return (await this.call("GET", `/api/v1/lists`, {
      query: { limit: input.limit, after: input.after },
      signal: options.signal,
    })) as Lists;
  }

  /** Each of `items` of `readLists`, page after page from `after` on. */
  async *allLists(input: ReadListsInput = {}, options: CallOptions = {}): AsyncGenerator<List, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadListsInput["after"];
      const page = await this.readLists({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * One list, with its letters in order.
   *
   * `GET /api/v1/lists/{list}`, scope `read`.
   */
  async readList(input: ReadListInput, options: CallOptions = {}): Promise<ListWithLetters> {
    return (await this.call("GET", `/api/v1/lists/${segment(input.list)}`, {
      signal: options.signal,
    })) as ListWithLetters;
  }

  /**
   * Who stands on a list; the latest first.
   *
   * `GET /api/v1/lists/{list}/members`, scope `read`.
   */
  async readListMembers(input: ReadListMembersInput, options: CallOptions = {}): Promise<ListMembers> {
    return (await this.call("GET", `/api/v1/lists/${segment(input.list)}/members`, {
      query: { include: input.include, limit: input.limit, after: input.after },
      signal: options.signal,
    })) as ListMembers;
  }

  /** Each of `items` of `readListMembers`, page after page from `after` on. */
  async *allListMembers(input: ReadListMembersInput, options: CallOptions = {}): AsyncGenerator<ListMember, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadListMembersInput["after"];
      const page = await this.readListMembers({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * The segments that are published, with how many are in each.
   *
   * `GET /api/v1/segments`, scope `read`.
   */
  async readSegments(input: ReadSegmentsInput = {}, options: CallOptions = {}): Promise<Segments> {
    return (await this.call("GET", `/api/v1/segments`, {
      query: { limit: input.limit, after: input.after },
      signal: options.signal,
    })) as Segments;
  }

  /** Each of `items` of `readSegments`, page after page from `after` on. */
  async *allSegments(input: ReadSegmentsInput = {}, options: CallOptions = {}): AsyncGenerator<Segment, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadSegmentsInput["after"];
      const page = await this.readSegments({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * One segment, with its lines as they are written.
   *
   * `GET /api/v1/segments/{segment}`, scope `read`.
   */
  async readSegment(input: ReadSegmentInput, options: CallOptions = {}): Promise<SegmentWithLines> {
    return (await this.call("GET", `/api/v1/segments/${segment(input.segment)}`, {
      signal: options.signal,
    })) as SegmentWithLines;
  }

  /**
   * Who is in a segment; by id.
   *
   * `GET /api/v1/segments/{segment}/members`, scope `read`.
   */
  async readSegmentMembers(input: ReadSegmentMembersInput, options: CallOptions = {}): Promise<SegmentMembers> {
    return (await this.call("GET", `/api/v1/segments/${segment(input.segment)}/members`, {
      query: { include: input.include, limit: input.limit, after: input.after },
      signal: options.signal,
    })) as SegmentMembers;
  }

  /** Each of `items` of `readSegmentMembers`, page after page from `after` on. */
  async *allSegmentMembers(input: ReadSegmentMembersInput, options: CallOptions = {}): AsyncGenerator<SegmentMember, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadSegmentMembersInput["after"];
      const page = await this.readSegmentMembers({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * The purposes that people agree to.
   *
   * `GET /api/v1/purposes`, scope `read`.
   */
  async readPurposes(input: ReadPurposesInput = {}, options: CallOptions = {}): Promise<Purposes> {
    return (await this.call("GET", `/api/v1/purposes`, {
      query: { limit: input.limit, after: input.after },
      signal: options.signal,
    })) as Purposes;
  }

  /** Each of `items` of `readPurposes`, page after page from `after` on. */
  async *allPurposes(input: ReadPurposesInput = {}, options: CallOptions = {}): AsyncGenerator<Purpose, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadPurposesInput["after"];
      const page = await this.readPurposes({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * The fields that are declared, with their types.
   *
   * `GET /api/v1/fields`, scope `read`.
   */
  async readFields(input: ReadFieldsInput = {}, options: CallOptions = {}): Promise<Fields> {
    return (await this.call("GET", `/api/v1/fields`, {
      query: { limit: input.limit, after: input.after },
      signal: options.signal,
    })) as Fields;
  }

  /** Each of `items` of `readFields`, page after page from `after` on. */
  async *allFields(input: ReadFieldsInput = {}, options: CallOptions = {}): AsyncGenerator<Field, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadFieldsInput["after"];
      const page = await this.readFields({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * Put a person on a list on a ground you declare, or ask them by mail whether they want to be there.
   *
   * `POST /api/v1/subscriptions`, scope `subscribe`.
   */
  async subscribe(input: SubscribeInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/subscriptions`, {
      body: { email: input.email, list: input.list, basis: input.basis, source: input.source, collected_at: input.collected_at, proof: input.proof, order: input.order, function: input.function, objection: input.objection, fields: input.fields, timezone: input.timezone, language: input.language, start: input.start, last_contact: input.last_contact },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Move a person from one list to another.
   *
   * `POST /api/v1/transfers`, scope `transfer`.
   */
  async transfer(input: TransferInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/transfers`, {
      body: { email: input.email, from: input.from, to: input.to },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Withdraw a person from a purpose, or from everything.
   *
   * `POST /api/v1/unsubscriptions`, scope `unsubscribe`.
   */
  async unsubscribe(input: UnsubscribeInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/unsubscriptions`, {
      body: { email: input.email, purpose: input.purpose },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Where a person stands.
   *
   * `POST /api/v1/people/lookup`, scope `read`.
   */
  async lookUpPerson(input: LookUpPersonInput, options: CallOptions = {}): Promise<WhereAPersonStands> {
    return (await this.call("POST", `/api/v1/people/lookup`, {
      body: { email: input.email },
      signal: options.signal,
    })) as WhereAPersonStands;
  }

  /**
   * What somebody chooses to receive; a member left out stays as it is.
   *
   * `POST /api/v1/people/preferences`, scope `preferences`.
   */
  async setPreferences(input: SetPreferencesInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/people/preferences`, {
      body: { email: input.email, themes: input.themes, contents: input.contents, frequency: input.frequency, paused_until: input.paused_until },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Put somebody who is known into a segment without conditions.
   *
   * `POST /api/v1/segments/put`, scope `segments`.
   */
  async putIntoSegment(input: PutIntoSegmentInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/segments/put`, {
      body: { email: input.email, segment: input.segment },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Take somebody out of a segment without conditions.
   *
   * `POST /api/v1/segments/take`, scope `segments`.
   */
  async takeOutOfSegment(input: TakeOutOfSegmentInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/segments/take`, {
      body: { email: input.email, segment: input.segment },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Everybody who is known; by id.
   *
   * `GET /api/v1/people`, scope `read`.
   */
  async readPeople(input: ReadPeopleInput = {}, options: CallOptions = {}): Promise<People> {
    return (await this.call("GET", `/api/v1/people`, {
      query: { include: input.include, limit: input.limit, after: input.after },
      signal: options.signal,
    })) as People;
  }

  /** Each of `items` of `readPeople`, page after page from `after` on. */
  async *allPeople(input: ReadPeopleInput = {}, options: CallOptions = {}): AsyncGenerator<PersonOfPage, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadPeopleInput["after"];
      const page = await this.readPeople({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * One person. That your key reads them is recorded, once in twelve hours.
   *
   * `GET /api/v1/people/{subscriber}`, scope `people`.
   */
  async readPerson(input: ReadPersonInput, options: CallOptions = {}): Promise<Person> {
    return (await this.call("GET", `/api/v1/people/${segment(input.subscriber)}`, {
      signal: options.signal,
    })) as Person;
  }

  /**
   * Set fields of a person; one that is left out stays as it is.
   *
   * `PATCH /api/v1/people/{subscriber}/fields`, scope `fields`.
   */
  async setFields(input: SetFieldsInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("PATCH", `/api/v1/people/${segment(input.subscriber)}/fields`, {
      headers: { "If-Match": input.ifMatch },
      body: { fields: input.fields },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * The lists that a person stands on.
   *
   * `GET /api/v1/people/{subscriber}/memberships`, scope `read`.
   */
  async readMemberships(input: ReadMembershipsInput, options: CallOptions = {}): Promise<Memberships> {
    return (await this.call("GET", `/api/v1/people/${segment(input.subscriber)}/memberships`, {
      query: { limit: input.limit, after: input.after },
      signal: options.signal,
    })) as Memberships;
  }

  /** Each of `items` of `readMemberships`, page after page from `after` on. */
  async *allMemberships(input: ReadMembershipsInput, options: CallOptions = {}): AsyncGenerator<Membership, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadMembershipsInput["after"];
      const page = await this.readMemberships({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * The latest fifty orders of a person, the oldest first.
   *
   * `GET /api/v1/people/{subscriber}/orders`, scope `read`.
   */
  async readOrders(input: ReadOrdersInput, options: CallOptions = {}): Promise<OrdersOfPerson> {
    return (await this.call("GET", `/api/v1/people/${segment(input.subscriber)}/orders`, {
      query: { limit: input.limit, after: input.after },
      signal: options.signal,
    })) as OrdersOfPerson;
  }

  /** Each of `items` of `readOrders`, page after page from `after` on. */
  async *allOrders(input: ReadOrdersInput, options: CallOptions = {}): AsyncGenerator<OrderOfPerson, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadOrdersInput["after"];
      const page = await this.readOrders({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * What happened, in the order of the ledger, which names nobody.
   *
   * `GET /api/v1/events`, scope `read`.
   */
  async readEvents(input: ReadEventsInput = {}, options: CallOptions = {}): Promise<Events> {
    return (await this.call("GET", `/api/v1/events`, {
      query: { limit: input.limit, after: input.after, order: input.order, type: input.type },
      signal: options.signal,
    })) as Events;
  }

  /** Each of `items` of `readEvents`, page after page from `after` on. */
  async *allEvents(input: ReadEventsInput = {}, options: CallOptions = {}): AsyncGenerator<Event, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadEventsInput["after"];
      const page = await this.readEvents({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * One event, by its position; a hook names it so.
   *
   * `GET /api/v1/events/{position}`, scope `read`.
   */
  async readEvent(input: ReadEventInput, options: CallOptions = {}): Promise<Event> {
    return (await this.call("GET", `/api/v1/events/${segment(input.position)}`, {
      signal: options.signal,
    })) as Event;
  }

  /**
   * What happened to a person; also to one who was erased.
   *
   * `GET /api/v1/people/{subscriber}/events`, scope `read`.
   */
  async readEventsOfPerson(input: ReadEventsOfPersonInput, options: CallOptions = {}): Promise<Events> {
    return (await this.call("GET", `/api/v1/people/${segment(input.subscriber)}/events`, {
      query: { limit: input.limit, after: input.after, order: input.order, type: input.type },
      signal: options.signal,
    })) as Events;
  }

  /** Each of `items` of `readEventsOfPerson`, page after page from `after` on. */
  async *allEventsOfPerson(input: ReadEventsOfPersonInput, options: CallOptions = {}): AsyncGenerator<Event, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadEventsOfPersonInput["after"];
      const page = await this.readEventsOfPerson({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * Somebody who is known ordered something. An order is recorded once, whatever the key.
   *
   * `POST /api/v1/orders`, scope `orders`.
   */
  async recordOrder(input: RecordOrderInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/orders`, {
      body: { email: input.email, order: input.order, amount: input.amount, currency: input.currency, products: input.products, ordered_at: input.ordered_at },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * An order was paid back, wholly or in part. Send a part under an Idempotency-Key: another call without one is another refund.
   *
   * `POST /api/v1/refunds`, scope `orders`.
   */
  async recordRefund(input: RecordRefundInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/refunds`, {
      body: { order: input.order, amount: input.amount, currency: input.currency },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Everything held about a person; answers a right of access.
   *
   * `POST /api/v1/people/export`, scope `rights`.
   */
  async exportPerson(input: ExportPersonInput, options: CallOptions = {}): Promise<{ [name: string]: unknown }> {
    return (await this.call("POST", `/api/v1/people/export`, {
      body: { email: input.email, right: input.right },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as { [name: string]: unknown };
  }

  /**
   * Correct what is wrong about a person.
   *
   * `POST /api/v1/people/correct`, scope `rights`.
   */
  async correctPerson(input: CorrectPersonInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/people/correct`, {
      body: { email: input.email, new_email: input.new_email, fields: input.fields, timezone: input.timezone, language: input.language },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Freeze a person: nothing is sent or deleted until it is lifted.
   *
   * `POST /api/v1/people/restrict`, scope `rights`.
   */
  async restrictPerson(input: RestrictPersonInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/people/restrict`, {
      body: { email: input.email, lift: input.lift },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * A person objects to marketing: everything is withdrawn at once.
   *
   * `POST /api/v1/people/object`, scope `rights`.
   */
  async objectToMarketing(input: ObjectToMarketingInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/people/object`, {
      body: { email: input.email },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * Forget a person; answers with a receipt of what remains and why.
   *
   * `POST /api/v1/people/erase`, scope `rights`.
   */
  async erasePerson(input: ErasePersonInput, options: CallOptions = {}): Promise<ErasureAnswer> {
    return (await this.call("POST", `/api/v1/people/erase`, {
      body: { email: input.email, keep_proof: input.keep_proof, forget_suppression: input.forget_suppression },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as ErasureAnswer;
  }

  /**
   * Record that a person asked for something that is answered later.
   *
   * `POST /api/v1/requests`, scope `rights`.
   */
  async recordRequest(input: RecordRequestInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/requests`, {
      body: { email: input.email, right: input.right, received_at: input.received_at, note: input.note },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * A request was answered, refused, or put off.
   *
   * `POST /api/v1/requests/answer`, scope `rights`.
   */
  async answerRequest(input: AnswerRequestInput, options: CallOptions = {}): Promise<Answer> {
    return (await this.call("POST", `/api/v1/requests/answer`, {
      body: { request: input.request, how: input.how, note: input.note },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as Answer;
  }

  /**
   * The requests that wait for an answer, the most urgent first; they name nobody.
   *
   * `POST /api/v1/requests/open`, scope `rights`.
   */
  async readOpenRequests(options: CallOptions = {}): Promise<OpenRequest[]> {
    return (await this.call("POST", `/api/v1/requests/open`, {
      body: { },
      signal: options.signal,
    })) as OpenRequest[];
  }

  /**
   * The broadcasts that are written and those in force, with what came of each.
   *
   * `GET /api/v1/broadcasts`, scope `broadcasts`.
   */
  async readBroadcasts(options: CallOptions = {}): Promise<Broadcasts> {
    return (await this.call("GET", `/api/v1/broadcasts`, {
      signal: options.signal,
    })) as Broadcasts;
  }

  /**
   * Write a new broadcast into the folder; it leaves once it is published.
   *
   * `POST /api/v1/broadcasts`, scope `broadcasts`.
   */
  async createBroadcast(input: CreateBroadcastInput, options: CallOptions = {}): Promise<NewBroadcastAnswer> {
    return (await this.call("POST", `/api/v1/broadcasts`, {
      body: { subject: input.subject, to: input.to, words: input.words, on: input.on, every: input.every, dialogue: input.dialogue, preheader: input.preheader, theme: input.theme, content: input.content, reminder: input.reminder },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as NewBroadcastAnswer;
  }

  /**
   * One broadcast, its words, and how many people it would go to now.
   *
   * `GET /api/v1/broadcasts/{broadcast}`, scope `broadcasts`.
   */
  async readBroadcast(input: ReadBroadcastInput, options: CallOptions = {}): Promise<WholeBroadcast> {
    return (await this.call("GET", `/api/v1/broadcasts/${segment(input.broadcast)}`, {
      signal: options.signal,
    })) as WholeBroadcast;
  }

  /**
   * Send one copy of a broadcast to an address; its links are without effect.
   *
   * `POST /api/v1/broadcasts/{broadcast}/test`, scope `broadcasts`.
   */
  async sendTest(input: SendTestInput, options: CallOptions = {}): Promise<TestAnswer> {
    return (await this.call("POST", `/api/v1/broadcasts/${segment(input.broadcast)}/test`, {
      body: { to: input.to, reader: input.reader },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as TestAnswer;
  }

  /**
   * Send a published broadcast at once; nobody gets it twice.
   *
   * `POST /api/v1/broadcasts/{broadcast}/send`, scope `broadcasts`.
   */
  async sendNow(input: SendNowInput, options: CallOptions = {}): Promise<SendAnswer> {
    return (await this.call("POST", `/api/v1/broadcasts/${segment(input.broadcast)}/send`, {
      body: { },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as SendAnswer;
  }

  /**
   * What came of letters and broadcasts, added up as you say.
   *
   * `GET /api/v1/results/letters`, scope `results`.
   */
  async readResults(input: ReadResultsInput = {}, options: CallOptions = {}): Promise<Results> {
    return (await this.call("GET", `/api/v1/results/letters`, {
      query: { by: input.by, letter: input.letter, since: input.since, until: input.until },
      signal: options.signal,
    })) as Results;
  }

  /**
   * How many each form asked to confirm, week by week, and how many of them did.
   *
   * `GET /api/v1/results/forms`, scope `results`.
   */
  async readResultsOfForms(input: ReadResultsOfFormsInput = {}, options: CallOptions = {}): Promise<FormResults> {
    return (await this.call("GET", `/api/v1/results/forms`, {
      query: { since: input.since },
      signal: options.signal,
    })) as FormResults;
  }

  /**
   * What publishing the folder would change, and whom it touches.
   *
   * `GET /api/v1/publication`, scope `publish`.
   */
  async readPlan(input: ReadPlanInput = {}, options: CallOptions = {}): Promise<PublicationPlan> {
    return (await this.call("GET", `/api/v1/publication`, {
      query: { backfill: input.backfill },
      signal: options.signal,
    })) as PublicationPlan;
  }

  /**
   * Put in force the very plan that was looked at, and no other.
   *
   * `POST /api/v1/publication`, scope `publish`.
   */
  async publish(input: PublishInput, options: CallOptions = {}): Promise<PublicationAnswer> {
    return (await this.call("POST", `/api/v1/publication`, {
      body: { digest: input.digest, backfill: input.backfill, stranded: input.stranded },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as PublicationAnswer;
  }

  /**
   * Every edition that was published, the latest first.
   *
   * `GET /api/v1/publication/editions`, scope `publish`.
   */
  async readEditions(options: CallOptions = {}): Promise<Editions> {
    return (await this.call("GET", `/api/v1/publication/editions`, {
      signal: options.signal,
    })) as Editions;
  }

  /**
   * The shops and mail services that call here, each with its address.
   *
   * `GET /api/v1/webhooks`, scope `hooks`.
   */
  async readWebhooks(options: CallOptions = {}): Promise<Webhooks> {
    return (await this.call("GET", `/api/v1/webhooks`, {
      signal: options.signal,
    })) as Webhooks;
  }

  /**
   * What shops and mail services told, the latest first, and what came of it.
   *
   * `GET /api/v1/webhooks/calls`, scope `hooks`.
   */
  async readWebhookCalls(input: ReadWebhookCallsInput = {}, options: CallOptions = {}): Promise<WebhookCalls> {
    return (await this.call("GET", `/api/v1/webhooks/calls`, {
      query: { limit: input.limit, after: input.after, webhook: input.webhook },
      signal: options.signal,
    })) as WebhookCalls;
  }

  /** Each of `items` of `readWebhookCalls`, page after page from `after` on. */
  async *allWebhookCalls(input: ReadWebhookCallsInput = {}, options: CallOptions = {}): AsyncGenerator<WebhookCall, void, undefined> {
    let at: unknown = input.after;
    for (;;) {
      const after = at as ReadWebhookCallsInput["after"];
      const page = await this.readWebhookCalls({ ...input, after }, options);
      yield* page.items;
      const next = page.next ?? undefined;
      if (next === undefined || String(next) === String(at)) return;
      at = next;
    }
  }

  /**
   * The programs that are told of facts, and how each stands.
   *
   * `GET /api/v1/hooks`, scope `hooks`.
   */
  async readHooks(options: CallOptions = {}): Promise<Hooks> {
    return (await this.call("GET", `/api/v1/hooks`, {
      signal: options.signal,
    })) as Hooks;
  }

  /**
   * Tell a program anew of what follows a position or a moment.
   *
   * `POST /api/v1/hooks/{hook}/replay`, scope `hooks`.
   */
  async replayHook(input: ReplayHookInput, options: CallOptions = {}): Promise<HookAnswer> {
    return (await this.call("POST", `/api/v1/hooks/${segment(input.hook)}/replay`, {
      body: { after: input.after, since: input.since },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as HookAnswer;
  }

  /**
   * Go on telling a program, from where it stood.
   *
   * `POST /api/v1/hooks/{hook}/enable`, scope `hooks`.
   */
  async enableHook(input: EnableHookInput, options: CallOptions = {}): Promise<HookAnswer> {
    return (await this.call("POST", `/api/v1/hooks/${segment(input.hook)}/enable`, {
      body: { },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as HookAnswer;
  }

  /**
   * Tell a program nothing until it is switched on.
   *
   * `POST /api/v1/hooks/{hook}/disable`, scope `hooks`.
   */
  async disableHook(input: DisableHookInput, options: CallOptions = {}): Promise<HookAnswer> {
    return (await this.call("POST", `/api/v1/hooks/${segment(input.hook)}/disable`, {
      body: { },
      ...options,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
    })) as HookAnswer;
  }

  /**
   * Any call of the API, and its answer; the other methods are made of this one. What is undefined or
   * null is left out. Throws Problem and NoAnswer.
   */
  async call(method: string, path: string, call: Call = {}): Promise<unknown> {
    const key = call.idempotencyKey;
    const headers = new Headers({
      Authorization: `Bearer ${this.#key}`,
      Accept: "application/json, */*;q=0.5",
    });
    for (const [name, value] of Object.entries(call.headers ?? {})) {
      if (value !== undefined && value !== null) headers.set(name, value);
    }
    if (key !== undefined) headers.set("Idempotency-Key", key);
    const request: RequestInit = { method, headers, redirect: "manual" };
    if (call.body !== undefined) {
      headers.set("Content-Type", "application/json");
      request.body = JSON.stringify(
        Object.fromEntries(Object.entries(call.body).filter(([, value]) => value !== null)),
      );
    }
    const address = this.url + path + queryOf(call.query ?? {});
    const repeatable = method !== "POST" || key !== undefined;
    for (let attempt = 0; ; attempt++) {
      const last = attempt === this.#retries;
      const timeout = AbortSignal.timeout(this.#timeout);
      const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
      let response: Response;
      let content: Uint8Array;
      try {
        response = await fetch(address, { ...request, signal });
        content = new Uint8Array(await response.arrayBuffer());
      } catch (error) {
        call.signal?.throwIfAborted();
        if (last || !repeatable) throw new NoAnswer(String(error), error, key);
        await pause(backoff(attempt), call.signal);
        continue;
      }
      if (response.ok) return read(response, content, key);
      const { status } = response;
      const wait = milliseconds(response.headers.get("Retry-After"));
      const problem = problemOf(response, content, wait, key);
      const notBegun = [409, 429, 503].includes(status) && wait !== undefined;
      if (last || !(notBegun || ([429, 502, 503, 504].includes(status) && repeatable))) throw problem;
      const delay = wait ?? backoff(attempt);
      if (delay > this.#longestWait) throw problem;
      await pause(delay, call.signal);
    }
  }
}

function segment(value: unknown): string {
  return encodeURIComponent(String(value));
}

function queryOf(given: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query.size ? `?${query}` : "";
}

function backoff(attempt: number): number {
  return (0.5 + Math.random() / 2) * Math.min(1000 * 2 ** attempt, 30_000);
}

async function pause(delay: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const ended = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", ended);
      resolve();
    }, delay);
    signal?.addEventListener("abort", ended, { once: true });
  });
}

/** A number of seconds, or a date (RFC 9110, 10.2.3). */
function milliseconds(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  if (/^\s*\d+\s*$/.test(retryAfter)) return 1000 * Number(retryAfter);
  const moment = Date.parse(retryAfter);
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - Date.now());
}

function kindOf(response: Response): string {
  return (response.headers.get("Content-Type") ?? "").split(";")[0]!.trim().toLowerCase();
}

function read(response: Response, content: Uint8Array, key?: string): unknown {
  if (content.length === 0) return null;
  const kind = kindOf(response);
  if (kind !== "application/json") {
    return kind.startsWith("text/") ? new TextDecoder().decode(content) : content;
  }
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(content));
  } catch (error) {
    throw new NoAnswer(`an answer that is no JSON: ${error}`, error, key);
  }
  const etag = response.headers.get("ETag");
  if (etag !== null && typeof answer === "object" && answer !== null) etags.set(answer, etag);
  return answer;
}

function problemOf(response: Response, content: Uint8Array, wait?: number, key?: string): Problem {
  let said: unknown = null;
  if (/^application\/(problem\+)?json$/.test(kindOf(response))) {
    try {
      said = JSON.parse(new TextDecoder().decode(content));
    } catch {
      said = null;
    }
  }
  const known: ProblemDocument =
    typeof said === "object" && said !== null ? said : { title: response.statusText || "refused" };
  return new Problem(response.status, known, wait, key);
}
