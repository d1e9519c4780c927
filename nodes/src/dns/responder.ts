/** From a DNS query to a DNS response: the zone's answers as messages, everything else through `forward`. */
import dnsPacket, { type Answer, type DecodedPacket, type Packet, type RecordType } from 'dns-packet';
import type { ClusterZone, ZoneRecord } from './zone.ts';

export interface ResponderOptions {
  zone: ClusterZone;
  /** Seconds that answers may be kept. */
  ttlSeconds: number;
  forward(query: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined>;
  /** Seconds since the epoch, for the zone's serial number. */
  now: () => number;
}

const authoritative = 1 << 10;
const recursionDesired = 1 << 8;
const recursionAvailable = 1 << 7;
const truncated = 1 << 9;
const formatError = 1;
const serverFailure = 2;
const nameError = 3;
const notImplemented = 4;
const smallestUdpPayload = 512;
const largestUdpPayload = 4096;
const longestCnameChain = 8;

export class Responder {
  private readonly options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.options = options;
  }

  /** The response's bytes; undefined where the query is too broken to be answered. */
  async respond(query: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    let packet: DecodedPacket;
    try {
      packet = dnsPacket.decode(query);
    } catch {
      return query.length >= 12 ? header(query.readUInt16BE(0), formatError) : undefined;
    }
    if (packet.type !== 'query') return undefined;
    const [question] = packet.questions ?? [];
    const id = packet.id ?? 0;
    if (question === undefined || packet.questions?.length !== 1) return header(id, formatError);
    if (((query[2] ?? 0) >> 3) % 16 !== 0) return header(id, notImplemented);

    const answer = this.options.zone.answer(question.name, question.type);
    if (answer === undefined) {
      const forwarded = await this.options.forward(query, transport);
      return forwarded ?? this.encode(packet, { rcode: serverFailure, answers: [], additionals: [] }, transport);
    }
    const answers = answer.records.map((record) => this.toAnswer(record, question.name));
    const target = answer.records.find((record) => record.type === 'CNAME');
    if (target !== undefined && question.type !== 'CNAME')
      answers.push(...(await this.follow(target.target, question.type, transport)));
    return this.encode(
      packet,
      {
        rcode: answer.nxdomain ? nameError : 0,
        answers,
        additionals: answer.additional.map((record) => this.toAnswer(record, record.name)),
      },
      transport,
    );
  }

  /** What an ExternalName stands for, in the zone or outside. */
  private async follow(target: string, type: RecordType, transport: 'udp' | 'tcp'): Promise<Answer[]> {
    const answers: Answer[] = [];
    let name = target;
    for (let step = 0; step < longestCnameChain; step += 1) {
      const known = this.options.zone.answer(name, type);
      if (known === undefined) {
        const query = dnsPacket.encode({ type: 'query', id: 1, flags: recursionDesired, questions: [{ name, type }] });
        const forwarded = await this.options.forward(query, transport);
        if (forwarded !== undefined) answers.push(...(dnsPacket.decode(forwarded).answers ?? []));
        return answers;
      }
      answers.push(...known.records.map((record) => this.toAnswer(record, name)));
      const next = known.records.find((record) => record.type === 'CNAME');
      if (next === undefined) return answers;
      name = next.target;
    }
    return answers;
  }

  private toAnswer(record: ZoneRecord, name: string): Answer {
    const ttl = this.options.ttlSeconds;
    switch (record.type) {
      case 'A':
      case 'AAAA':
        return { type: record.type, name, ttl, data: record.address };
      case 'CNAME':
      case 'PTR':
      case 'NS':
        return { type: record.type, name, ttl, data: record.target };
      case 'TXT':
        return { type: 'TXT', name, ttl, data: record.text };
      case 'SRV': {
        const { target, port, priority, weight } = record;
        return { type: 'SRV', name, ttl, data: { target, port, priority, weight } };
      }
      case 'SOA':
        return this.soa();
    }
  }

  private soa(): Answer {
    const { zone, ttlSeconds, now } = this.options;
    return {
      type: 'SOA',
      name: zone.name,
      ttl: ttlSeconds,
      data: {
        mname: `ns.dns.${zone.name}`,
        rname: `hostmaster.${zone.name}`,
        serial: now(),
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: ttlSeconds,
      },
    };
  }

  private encode(
    query: DecodedPacket,
    { rcode, answers, additionals }: { rcode: number; answers: Answer[]; additionals: Answer[] },
    transport: 'udp' | 'tcp',
  ): Buffer {
    const edns = (query.additionals ?? []).find((additional) => additional.type === 'OPT');
    const flags = authoritative | (query.flag_rd ? recursionDesired : 0) | recursionAvailable | rcode;
    const response: Packet = {
      type: 'response',
      id: query.id ?? 0,
      flags,
      questions: query.questions ?? [],
      answers,
      // A name or a type that is not there: the SOA says how long that may be remembered (RFC 2308).
      authorities: answers.length === 0 && rcode !== serverFailure ? [this.soa()] : [],
      additionals: [
        ...additionals,
        ...(edns === undefined
          ? []
          : [
              {
                type: 'OPT' as const,
                name: '.',
                udpPayloadSize: largestUdpPayload,
                flags: 0,
                extendedRcode: 0,
                ednsVersion: 0,
                flag_do: false,
                options: [],
              },
            ]),
      ],
    };
    const bytes = dnsPacket.encode(response);
    if (transport === 'tcp') return bytes;
    const limit = Math.min(Math.max(edns?.udpPayloadSize ?? smallestUdpPayload, smallestUdpPayload), largestUdpPayload);
    if (bytes.length <= limit) return bytes;
    const kept = [...answers];
    for (;;) {
      kept.pop();
      const shorter = dnsPacket.encode({
        ...response,
        flags: flags | truncated,
        answers: kept,
        additionals: response.additionals?.filter(({ type }) => type === 'OPT') ?? [],
      });
      if (shorter.length <= limit) return shorter;
    }
  }
}

function header(id: number, rcode: number): Buffer {
  return dnsPacket.encode({ type: 'response', id, flags: rcode });
}
