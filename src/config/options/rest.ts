import * as z from 'zod'
import { recoveryDefaults } from '../../recovery/options.ts'
import { shutdownDefaults } from '../../shutdown/options.ts'
import { validationDefaults, type IgnoredFinding } from '../../validation/options.ts'
import { choice, duration, integer, onOff, orNone, structure, text, type Kind } from '../kinds.ts'
import { option } from '../option.ts'

const hour = 3_600_000
const path = text('PATH', 'a path')

const ignoredList = structure(
  z
    .array(
      z
        .strictObject({
          finding: z.string().regex(/^[A-Za-z][\w.-]{0,99}$/),
          gem: z.string().min(1).max(200).optional(),
          reason: z.string().min(3).max(500),
          until: z.iso.date(),
        })
        .transform(({ finding, gem, reason, until }) => ({ code: finding, gem: gem ?? null, reason, until })),
    )
    .max(200)
    .readonly(),
  'a list of { finding, gem, reason, until: YYYY-MM-DD }',
  {
    finding: 'the code of a finding, as bezel doctor prints it',
    gem: 'the name of a gem',
    reason: 'a text of 3 to 500 characters',
    until: 'a day as YYYY-MM-DD',
    '': 'a map of { finding, gem, reason, until }',
  },
)
const ignored: Kind<readonly IgnoredFinding[]> = {
  ...ignoredList,
  show: (entries) => entries.map(({ code, gem, reason, until }) => ({ finding: code, ...(gem === null ? {} : { gem }), reason, until })),
}

export const validationOptions = {
  'validation.mode': option(
    choice('enforce', 'warn', 'off'),
    'enforce',
    'What follows when the gems do not fit this Ruby. enforce: nothing starts (exit 78). warn: it is said. off: it is not looked at.',
    { flag: '--validation' },
  ),
  'validation.ruby': option(orNone(path, 'auto'), validationDefaults.rubyPath, 'The Ruby to judge.', {
    auto: 'the one that the app would find',
  }),
  'validation.probe': option(onOff(), validationDefaults.probe, 'Whether each native extension is loaded in a sacrificial Ruby.'),
  'validation.probe_timeout': option(duration(100, hour), validationDefaults.probeTimeoutMs, 'How long one such Ruby may take.'),
  ignore: option(ignored, validationDefaults.ignore, 'Findings that are silenced, each with a reason and a last day.', { fileOnly: true }),
}

export const recoveryOptions = {
  'incidents.folder': option(
    path,
    '.bezel/incidents',
    "Where incidents are kept; relative to the app's folder. While it can't be written, the last few are kept beside bezel's sockets, and the log says so at the start.",
  ),
  'incidents.keep': option(integer(1, 100_000), recoveryDefaults.keepIncidents, 'Incidents kept; the oldest go first.'),
}

export const operationOptions = {
  'shutdown.deadline': option(
    duration(100, 24 * hour),
    shutdownDefaults.deadlineMs,
    'From the stop signal to the end. Keep it under the time after which your platform sends SIGKILL.',
  ),
  'admin.listen': option(
    orNone(text('HOST:PORT', 'an address such as 127.0.0.1:9191', /^\[?[\w.:-]+\]?:\d{1,5}$/), 'none'),
    null,
    'Address of /healthz, /readyz, /status, beside the Unix socket that is always there.',
  ),
  'admin.token': option(
    orNone(text('TOKEN', 'a token of 16 to 512 visible characters', /^[\x21-\x7e]{16,512}$/), 'none'),
    null,
    'Asked for at the admin address; wanted there unless it is a loopback one.',
    { secret: true },
  ),
  'log.format': option(choice('auto', 'json', 'text'), 'auto', 'auto: readable lines on a terminal, else JSON lines.', {
    flag: '--log-format',
  }),
  'log.level': option(
    choice('debug', 'info', 'warn', 'error'),
    'info',
    'The least important lines of bezel itself that are written; what workers print always is.',
    {
      flag: '--log-level',
    },
  ),
  'log.file': option(
    orNone(path, 'none'),
    null,
    "Written to instead of standard error; relative to the app's folder. SIGHUP opens it anew, so that logrotate can move it away.",
  ),
}
