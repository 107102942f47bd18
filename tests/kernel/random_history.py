# SPDX-License-Identifier: MIT
"""Filesystems of many kinds with a random history by the kernel, and how they are compared: for tests of verbs that change
where things are and nothing else.

Needs root, loop devices, btrfs-progs and a kernel with btrfs. BTRKIT_BIN is the folder with the tools, BTRKIT_WORK one for
files.
"""
import argparse, contextlib, fcntl, hashlib, os, random, shutil, stat, struct, subprocess, tempfile

from loop_devices import DeviceImages, Failure, run, tool

BLOCK = 4096
MIB = 1 << 20
KINDS = [  # options of mkfs, number of devices
    ('-m dup -d single', 1),
    ('-m single -d single -n 4096', 1),
    ('-m dup -d dup --csum xxhash', 1),
    ('--mixed', 1),
    ('-m raid1 -d raid1', 2),
    ('-m dup -d single -R ^free-space-tree', 1),
    ('-m raid1 -d raid0 --csum sha256', 3),
    ('-m raid10 -d raid10', 4),
    ('-m raid1c3 -d raid5', 3),
    ('-m raid6 -d raid6 --csum blake2', 5),
    ('-m dup -d single -O ^no-holes,^skinny-metadata', 1),
    ('-m dup -d single -R quota', 1),
    ('-m raid1 -d single -n 65536', 2),
    ('-m raid5 -d raid5 -n 4096', 3),
]


SHARED = 0x2000  # FIEMAP_EXTENT_SHARED
FIRST_WITH_EXTRAS = 15  # from that seed on histories have more in them


class Image(DeviceImages):
    def __init__(self, folder, options, count, size):
        super().__init__(folder, count)
        self.has_parity = 'raid5' in options or 'raid6' in options
        for name in self.files:
            with open(name, 'w') as file:
                os.truncate(file.fileno(), size)
        run('mkfs.btrfs', '-q', '-f', *options.split(), *self.files)

    def check(self, when):
        # btrfs-progs 6.2 rebuilds some stripes of RAID5 wrongly, also of what the kernel alone has written.
        super().check(when, options=[] if self.has_parity else ['--check-data-csum'])

    def sizes(self):
        return [os.stat(name).st_size for name in self.files]


def ioctl_clone(source, at, length, target, to):
    with open(source, 'rb') as one, open(target, 'r+b') as other:
        fcntl.ioctl(other, 0x4020940D, struct.pack('=qQQQ', one.fileno(), at, length, to))


def set_nodatacow(path):
    with open(path, 'xb') as file:
        flags = struct.unpack('l', fcntl.ioctl(file, 0x80086601, bytes(8)))[0]
        fcntl.ioctl(file, 0x40086602, struct.pack('l', flags | 0x00800000))


def enable_verity(path):
    """Where the kernel can: says whether it did."""
    # version, hash algorithm (SHA-256), block size, no salt, no signature
    argument = struct.pack('=IIIIQIIQ', 1, 1, BLOCK, 0, 0, 0, 0, 0) + bytes(88)
    with contextlib.suppress(OSError), open(path, 'rb') as file:
        fcntl.ioctl(file, 0x40806685, argument)
        return True
    return False


class History:
    """What the kernel is asked to do."""

    def __init__(self, mnt, seed):
        self.mnt, self.random, self.serial, self.snapshots = mnt, random.Random(seed), 0, []
        run('btrfs', 'subvolume', 'create', mnt + '/sub')
        os.mkdir(mnt + '/sub/d')

    def files(self):
        found = []
        for folder in (self.mnt + '/sub', self.mnt + '/sub/d'):
            found += [folder + '/' + name for name in sorted(os.listdir(folder))]
        return [name for name in found if stat.S_ISREG(os.lstat(name).st_mode)]

    def bytes(self, size):
        return self.random.randbytes(size) if self.random.random() < 0.7 else (b'%d ' % self.serial * size)[:size]

    def make(self):
        self.serial += 1
        path = '%s/sub/%sf%d' % (self.mnt, self.random.choice(['', 'd/']), self.serial)
        if self.random.random() < 0.15:
            set_nodatacow(path)
        size = self.random.choice([0, 50, 3000, 10000, 60000, 300000, 2000000])
        with open(path, 'ab') as file:
            file.write(self.bytes(self.random.randrange(size + 1)))
        if self.random.random() < 0.2:
            os.setxattr(path, 'user.serial', b'%d' % self.serial)

    def overwrite(self):
        path = self.random.choice(self.files() or [None])
        if path is None:
            return
        with open(path, 'r+b') as file:
            file.seek(self.random.randrange(os.stat(path).st_size + 1))
            file.write(self.bytes(self.random.choice([100, 5000, 70000])))

    def share(self):
        files = self.files()
        if len(files) < 2:
            return
        source, target = self.random.sample(files, 2)
        blocks = os.stat(source).st_size // BLOCK
        if blocks == 0:
            return
        first = self.random.randrange(blocks)
        with contextlib.suppress(OSError):  # with and without checksums
            ioctl_clone(source, first * BLOCK, self.random.randrange(1, blocks - first + 1) * BLOCK, target,
                        self.random.randrange(100) * BLOCK)

    def preallocate(self):
        path = self.random.choice(self.files() or [None])
        if path is not None:
            with open(path, 'r+b') as file:
                os.posix_fallocate(file.fileno(), self.random.randrange(500000), self.random.randrange(1, 300000))

    def truncate(self):
        path = self.random.choice(self.files() or [None])
        if path is not None:
            os.truncate(path, self.random.randrange(os.stat(path).st_size + 5000))

    def delete(self):
        files = self.files()
        for path in self.random.sample(files, len(files) // 4):
            os.unlink(path)

    def snapshot(self):
        self.serial += 1
        path = '%s/snap%d' % (self.mnt, self.serial)
        run('btrfs', 'subvolume', 'snapshot', *self.random.choice([['-r'], []]), self.mnt + '/sub', path)
        self.snapshots.append(path)

    def delete_snapshot(self):
        if len(self.snapshots) > 2:
            run('btrfs', 'subvolume', 'delete', self.snapshots.pop(self.random.randrange(len(self.snapshots))))

    def step(self):
        self.random.choice([self.make] * 12 + [self.overwrite] * 6 + [self.share] * 4 + [self.preallocate, self.truncate] * 2 +
                           [self.delete, self.snapshot, self.delete_snapshot])()
        if self.random.random() < 0.1:
            os.sync()

    def enable_quotas(self):
        run('btrfs', 'quota', 'enable', self.mnt)
        run('btrfs', 'quota', 'rescan', '-w', self.mnt)

    def seal(self):
        """Some files come under fs-verity: nobody writes to them any more."""
        files = self.files()
        return sum(enable_verity(path) for path in self.random.sample(files, len(files) // 5))

    def make_doomed(self, name):
        """A subvolume whose deletion takes a while: much of it is another's, too, and much its own."""
        path = '%s/%s' % (self.mnt, name)
        run('btrfs', 'subvolume', 'snapshot', self.mnt + '/sub', path)
        for number in range(1200):
            with open('%s/small%d' % (path, number), 'wb') as file:
                file.write(self.random.randbytes(self.random.choice([20, 1000, 1900, 5000])))
        self.serial += 1
        run('btrfs', 'subvolume', 'snapshot', '-r', path, '%s/of-%s' % (self.mnt, name))
        for number in self.random.sample(range(1200), 300):
            os.unlink('%s/small%d' % (path, number))

    def go(self, steps):
        for _ in range(steps):
            self.step()
        run('btrfs', 'subvolume', 'sync', self.mnt)
        os.sync()


def extents_of(path):
    """(offset, physical, length, flags) as FIEMAP tells."""
    fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
    try:
        start, found = 0, []
        while True:
            request = bytearray(struct.pack('=QQIIII', start, 2**64 - 1 - start, 1, 0, 200, 0) + bytes(200 * 56))
            fcntl.ioctl(fd, 0xC020660B, request)
            count = struct.unpack_from('=I', request, 20)[0]
            for number in range(count):
                logical, physical, length, _, _, flags = struct.unpack_from('=QQQQQI', request, 32 + 56 * number)
                found.append((logical, physical, length, flags))
            if count == 0 or found[-1][3] & 1:
                return found
            start = found[-1][0] + found[-1][2]
    finally:
        os.close(fd)


class Portrait:
    """What a mounted filesystem is, in words that don't depend on where anything lies."""

    def __init__(self, mnt, ignored_flags=0, may_grow=('System', 'GlobalReserve'), tells_places=True):
        """ignored_flags: of FIEMAP. may_grow: of what more may be used. tells_places: who shares which blocks."""
        self.labels, self.lines, self.mnt, self.may_grow = {}, [], mnt, may_grow
        self.tells_places = tells_places
        self.ignored_flags = ignored_flags | 1  # the last one
        self.visit(mnt)
        self.used = {line.split(',')[0]: int(line.rsplit('used=')[1])
                     for line in run('btrfs', 'filesystem', 'df', '--raw', mnt).splitlines() if 'used=' in line}

    def label(self, physical):
        return self.labels.setdefault(physical, len(self.labels))

    def blocks_of(self, path):
        """Where which block lies, and how; extents that lie side by side are told as one, or not."""
        told = []
        for offset, physical, length, flags in extents_of(path):
            flags &= ~self.ignored_flags
            if flags & 0x200:  # inline
                told.append((offset, length, flags))
            else:
                # Of what is packed FIEMAP tells places that neighbours seem to have, too, and joins what is none.
                told += [(offset + at, flags, None if flags & 8 else self.label(physical + at))
                         for at in range(0, length, BLOCK)]
        return len(told), hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def visit(self, path):
        status = os.lstat(path)
        name = path[len(self.mnt):]
        line = [name, status.st_ino, status.st_mode, status.st_nlink, status.st_uid, status.st_gid, status.st_size,
                status.st_mtime_ns, status.st_ctime_ns, status.st_blocks]
        if stat.S_ISREG(status.st_mode):
            line += [(key, os.getxattr(path, key)) for key in sorted(os.listxattr(path))]
            with open(os.open(path, os.O_RDONLY | os.O_NOATIME), 'rb') as file:
                line.append(hashlib.sha256(file.read()).hexdigest())
            if self.tells_places:
                line.append(self.blocks_of(path))
        self.lines.append(repr(line))
        if stat.S_ISDIR(status.st_mode):
            for entry in sorted(os.listdir(path)):
                self.visit(path + '/' + entry)

    def must_be(self, other, when):
        for one, another in zip(self.lines, other.lines):
            if one != another:
                raise Failure('%s: what is mounted is another:\n%s\n%s' % (when, one[:1500], another[:1500]))
        if len(self.lines) != len(other.lines):
            raise Failure('%s: %d inodes instead of %d' % (when, len(other.lines), len(self.lines)))
        for kind, used in other.used.items():
            if kind not in self.may_grow and used > self.used.get(kind, used):
                raise Failure('%s: %s takes %d bytes instead of %d' % (when, kind, used, self.used.get(kind, 0)))


def streams_of(image, snapshots):
    """What is in the streams between read-only snapshots. Where several files share an extent, which of them is taken for
    the source of a clone depends on where things lie, and so does whether it is cloned or written: both count as data. A clone
    of what the parent has in the same place is nothing: by the kernel's rule one is sent where the parent's extent goes on
    up to a hole, however small a part of it is left."""
    found = []
    for one, other in zip(snapshots, snapshots[1:]):
        done = subprocess.run([tool('send'), '-q', *image.members(), '-p', one, other], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=True)
        text = subprocess.run([tool('stream'), 'dump', '-'], input=done.stdout, stdout=subprocess.PIPE).stdout.decode(
            errors='replace')
        found.append('%s to %s' % (one, other))
        for line in text.splitlines():
            words = line.split()
            if words[0] not in ('write', 'clone'):
                found.append(line)
                continue
            offset, length = (int(word.split('=')[1]) for word in words[2:4])
            if words[0] == 'clone' and words[4:] == ['from=' + words[1], 'clone_offset=%d' % offset]:
                continue
            last = found[-1]
            if last[:2] == ('data', words[1]) and last[3] == offset:
                found[-1] = last[:3] + (offset + length,)
            else:
                found.append(('data', words[1], offset, offset + length))
    return found


def without_data(stream):
    """The lines that are no data, and the blocks of data: (stream, path, number of the block)."""
    lines, blocks, name = [], set(), ''
    for line in stream:
        if isinstance(line, str):
            lines += [] if line.startswith('truncate') else [line]  # what was written last may have told the size
            name = line if ' to ' in line else name
        else:
            blocks |= {(name, line[1], at) for at in range(line[2] // BLOCK, -(-line[3] // BLOCK))}
    return lines, blocks


def must_be_same_streams(one, other, when, may_be_less):
    """may_be_less: extents were cut, so less than whole ones may have to be sent."""
    if may_be_less:
        (one, blocks), (other, other_blocks) = without_data(one), without_data(other)
        if not other_blocks <= blocks:
            raise Failure('%s: more is sent: %s' % (when, sorted(other_blocks - blocks)[:5]))
    if one != other:
        different = [pair for pair in zip(one, other) if pair[0] != pair[1]]
        raise Failure('%s: streams are others: %d lines instead of %d: %s' % (when, len(other), len(one), different[:5]))


MOUNT_OPTIONS = ['compress=no', 'compress=no', 'compress-force=zstd', 'compress=lzo']


def are_half_deleted(image):
    """Which subvolumes wait to be cleaned up, and which of them are half gone."""
    roots = run(tool('dump-tree'), '-t', 'root', *image.members())
    waiting, gone = roots.count('ORPHAN_ITEM'), 0
    for line in roots.splitlines():
        gone += 'drop_progress key' in line and 'drop_progress key (0 UNKNOWN.0 0)' not in line
    return waiting, gone


def half_delete(image, history, most_tries=4):
    """Deletes a subvolume and unmounts while the kernel still gives it back, which takes longer where no block is in memory
    yet. Says what is left."""
    for number in range(most_tries):
        names = ['doomed%d' % number, 'of-doomed%d' % number]
        with image.mounted() as mnt:
            history.make_doomed(names[0])
        with image.mounted() as mnt:
            run('btrfs', 'subvolume', 'delete', '-c', *(mnt + '/' + name for name in history.random.choice(
                [names[:1], names[1:], names])))
        waiting, gone = are_half_deleted(image)
        if gone > 0:
            break
    return '%d deleted subvolumes, %d half gone' % (waiting, gone)


class Start:
    """A filesystem with its history: the image, what it is, and what is sent from it."""

    def __init__(self, seed, folder, rng, **portrait):
        self.options, count = KINDS[seed % len(KINDS)]
        self.portrait = portrait
        self.image = Image(folder, self.options, count, rng.choice([300, 500, 800]) * MIB)
        self.mount_options = 'noatime,commit=1,' + rng.choice(MOUNT_OPTIONS)
        if '^free-space-tree' in self.options:
            self.mount_options += ',space_cache=v1'
        extras = random.Random(seed * 1000) if seed >= FIRST_WITH_EXTRAS else None
        self.told = ''
        with self.image.mounted(self.mount_options) as mnt:
            self.history = History(mnt, seed)
            has_quotas = extras is not None and extras.random() < 0.4
            if has_quotas:
                self.history.enable_quotas()
                self.told += ', quotas'
            self.history.go(rng.choice([60, 200, 500]))
            if extras and extras.random() < 0.5:
                self.told += ', %d files sealed' % self.history.seal()
        # btrfs-progs count quotas of what is half gone in another way than the kernel.
        if extras and not has_quotas and extras.random() < 0.7:
            self.told += ', ' + half_delete(self.image, self.history)
            # What only the deleted have, too, is not shared any more when they are gone.
            self.portrait['ignored_flags'] = portrait.get('ignored_flags', 0) | SHARED
        with self.image.mounted('ro,noatime') as mnt:
            self.before = Portrait(mnt, **self.portrait)
            snapshots = [name for name in self.history.snapshots
                         if 'ro=true' in run('btrfs', 'property', 'get', name, 'ro')]
        self.snapshots = [os.path.basename(name) for name in snapshots]
        self.streams = streams_of(self.image, self.snapshots)

    def must_be_the_same(self, when, may_send_less=False):
        """Both checks are clean, and nothing is another but where things lie."""
        self.image.check(when)
        with self.image.mounted('ro,noatime') as mnt:
            self.before.must_be(Portrait(mnt, **self.portrait), when)
        must_be_same_streams(self.streams, streams_of(self.image, self.snapshots), when, may_send_less)


def go_on(image, history):
    """The kernel writes, in place where it may, copies, deletes, balances, scrubs."""
    with image.mounted() as mnt:
        for path in history.files()[:200]:
            with contextlib.suppress(OSError), open(path, 'r+b') as file:  # there may be no space
                file.write(b'in place')
        for path in history.files()[::3]:
            os.unlink(path)
        with contextlib.suppress(Failure):
            run('btrfs', 'subvolume', 'snapshot', mnt + '/sub', mnt + '/after')
        os.sync()
    for name in image.files:
        os.truncate(name, 3 * os.stat(name).st_size + 256 * MIB)
    with image.mounted() as mnt:
        for number in range(len(image.files)):
            run('btrfs', 'filesystem', 'resize', '%d:max' % (number + 1), mnt)
        before = Portrait(mnt)
        # Kernels lay chunks here, and give up now and then where a filesystem is that small.
        for _ in range(3):
            with contextlib.suppress(Failure):
                run('btrfs', 'balance', 'start', '--full-balance', mnt)
                break
            os.sync()
        else:
            raise Failure('the kernel finds no space to balance in')
        after = Portrait(mnt)
        before.used = {}
        before.must_be(after, 'balanced by the kernel')
        run('btrfs', 'scrub', 'start', '-B', mnt)


def run_seeds(name, try_seed, last_seed):
    """The main function of a test: try_seed(seed, folder) says what it did, or raises Failure."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--seeds', nargs=2, type=int, default=[1, last_seed])
    parser.add_argument('--keep')
    options = parser.parse_args()
    if os.geteuid() != 0 or shutil.which('mkfs.btrfs') is None or 'btrfs' not in open('/proc/filesystems').read():
        print('SKIP no root, no btrfs-progs, or a kernel without btrfs')
        return 77
    failed = 0
    for seed in range(options.seeds[0], options.seeds[1] + 1):
        folder = tempfile.mkdtemp(prefix='%s-%d-' % (name, seed), dir=os.environ['BTRKIT_WORK'])
        try:
            print('seed %d: %s' % (seed, try_seed(seed, folder)), flush=True)
        except (Failure, OSError) as failure:
            failed += 1
            print('FAIL seed %d (%s): %s' % (seed, KINDS[seed % len(KINDS)][0], failure), flush=True)
            if options.keep:
                subprocess.run(['cp', '-r', '--sparse=always', folder, '%s/%d' % (options.keep, seed)])
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0
