/** A whole document with every key, for `docs/spec.md`; a test reads it as users' files are read. */
export const FULL_EXAMPLE = `apiVersion: tidemark/v1
kind: Relationship
metadata:
  name: wiki
  labels: { app: wiki }
spec:
  source:
    host: alpha
    directory: /srv/wiki
    mustBeMounted: true
    copyMethod: Snapshot
    pinLimit: { age: 10d, space: 200GiB }
  targets:
    - host: beta
      directory: /srv/copies/wiki
    - name: far-away
      host: gamma
      directory: /mnt/copies/wiki
      mustBeMounted: true
      copyMethod: HardLink
      class: drpnode
      schedule: "0 3 * * *"
      rpo: 2d
      retain: { daily: 30, monthly: 24 }
  mover:
    rsync:
      exclude: ["cache/**", "*.tmp"]
      include: ["cache/keep/***"]
      bandwidthLimit: 20MiB
      compress: auto
      checksum: false
      extraOptions: [--fsync]
  trigger:
    schedule: "*/15 * * * *"
    timezone: Europe/Paris
    jitter: 30s
    catchUp: 10m
  objectives:
    rpo: 1h
  retain:
    last: 3
    hourly: 24
    daily: 7
    weekly: 4
    monthly: 12
    yearly: 2
    within: 2d
  guards:
    allowEmpty: false
    allowForeign: false
    maxDeletes: 50%
  hooks:
    beforeCapture:
      - run: [stop-writes, wiki]
        timeout: 30s
    afterCapture:
      - run: [resume-writes, wiki]
    afterPublish:
      - run: [tell-somebody]
        timeout: 10s
        onError: continue
    quiesce:
      - run: [stop-service, wiki]
    unquiesce:
      - run: [start-service, wiki]
    afterPromote:
      - run: [start-service, wiki]
    startDrill:
      - run: [start-on-clone, wiki]
    probeDrill:
      - run: [is-it-alive, wiki]
    stopDrill:
      - run: [stop-on-clone, wiki]
  approval: one
`;

/** The same for each kind of storage that has a mover of its own. */
export const STORAGE_EXAMPLES = `apiVersion: tidemark/v1
kind: Relationship
metadata: { name: mail }
spec:
  source: { host: alpha, zfs: tank/mail }
  targets:
    - { host: beta, zfs: tank/mail }
    - { host: gamma, zfs: backup/copies/mail, class: drpnode }
  mover:
    zfs: { recursive: true, properties: true, intermediates: false, raw: auto }
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: photos }
spec:
  source: { host: alpha, btrfs: /srv/photos }
  targets: [{ host: beta, btrfs: /srv/photos }]
  mover:
    btrfs: { nested: true }
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: images }
spec:
  source: { host: alpha, image: podman }
  targets: [{ host: beta, image: "podman:/srv/images" }]
  mover:
    image: { names: ["registry.example.net/team/*"], used: true }
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: maps }
spec:
  source: { host: alpha, directory: /srv/maps }
  targets:
    - hostSelector:
        matchLabels: { region: eu }
        matchExpressions: [{ key: tier, operator: In, values: [edge, depot] }]
      directory: /srv/copies/maps
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: letters }
spec:
  source: { host: alpha, directory: /srv/letters, copyMethod: Auto }
  targets:
    - { host: beta, directory: /srv/copies/letters }
    - repository: "s3:https://s3.example.net/letters"
      credentials: letters-s3
      resticExclude: [/cache, "*.tmp"]
      bandwidthLimit: 20MiB
      pruneEvery: 7d
      checkEvery: 7d
      checkShare: 5%
      retain: { daily: 30, monthly: 24 }
    - peer: "ssh://backup@nas.example.net:2222/volume1/letters"
      credentials: nas
    - name: elsewhere
      peer: "ssh://root@198.51.100.7/~"
      credentials: elsewhere
      signal: volsync
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: handbook }
spec:
  source: { host: alpha, directory: /srv/handbook, copyMethod: Auto }
  through:
    bucket: "s3:company-data/handbook"
    credentials: company-s3
    bandwidthLimit: 20MiB
    keepReplaced: 2d
    name: hub
    rpo: 1h
    retain: { last: 3 }
  targets:
    - { host: edge1, directory: /srv/handbook, schedule: "*/5 * * * *" }
    - { host: edge2, directory: /srv/handbook }
  trigger: { schedule: "*/15 * * * *" }
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: letters-of-november }
spec:
  source:
    host: edge1
    repository: "s3:https://s3.example.net/letters"
    credentials: letters-s3
    restoreAsOf: "2026-11-30T08:00:00Z"
    previous: 1
    snapshotsOf: letters
  targets: [{ host: edge1, directory: /srv/letters-of-november }]
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: letters-archive }
spec:
  source: { host: edge1, bucket: "s3:company-data/letters", credentials: company-s3 }
  targets: [{ host: edge1, directory: /srv/letters }]
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: db }
spec:
  source: { host: alpha, block: /dev/vg/db }
  targets: [{ host: beta, block: /srv/images/db.img }]
  mover:
    block: { compress: zstd, bandwidthLimit: 50MiB }
---
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: shop }
spec:
  source:
    host: east
    pvc: shop/mysql
    copyMethod: Snapshot
    snapshotClass: csi
    storageClass: fast
    accessModes: [ReadWriteOnce]
    capacity: 20Gi
    runAs: "999:999"
    workloads: [statefulset/mysql]
  targets:
    - host: west
      pvc: shop/mysql
      copyMethod: Snapshot
      capacity: 20Gi
      accessModes: [ReadWriteOnce]
      storageClass: fast
      snapshotClass: csi
      runAs: "999:999"
      workloads: [statefulset/mysql]
    - { host: nas1, directory: /srv/copies/mysql }
  hooks:
    probeDrill: [{ job: cronjob/probe-mysql, timeout: 5m }]
`;

/** The least that a document must say. */
export const SHORT_EXAMPLE = `apiVersion: tidemark/v1
kind: Relationship
metadata: { name: wiki }
spec:
  source: { host: alpha, directory: /srv/wiki }
  targets: [{ host: beta, directory: /srv/copies/wiki }]
  trigger: { schedule: "*/15 * * * *" }
`;
