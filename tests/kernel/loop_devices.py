# SPDX-License-Identifier: MIT
"""Images as devices of a kernel, and letting go of them. `btrfs` of another run and udev look at all devices and all
mounts: a mount that is held is busy, and a loop device that is held goes with the last close only, while our tools rightly
refuse the file behind it."""
import contextlib, os, subprocess, time


class Failure(Exception):
    pass


def run(*words, status=0): # None: any
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    if status is not None and done.returncode != status:
        raise Failure('%s: status %d, not %d\n%s' % (' '.join(words), done.returncode, status, done.stdout[-3000:]))
    return done.stdout


def tool(name):
    return os.environ['BTRKIT_BIN'] + '/btrkit-' + name


def until(is_done):
    for _ in range(500):
        if is_done():
            return
        time.sleep(0.01)


def attach(files):
    return [run('losetup', '-f', '--show', name).strip() for name in files]


def file_behind(loop):
    return run('losetup', '--noheadings', '--output', 'BACK-FILE', loop, status=None)


def detach(loops):
    """The kernel forgets them, and nothing is behind them any more."""
    for loop in loops:
        before = file_behind(loop)
        run('btrfs', 'device', 'scan', '--forget', loop, status=None)
        run('losetup', '-d', loop, status=None)
        until(lambda: file_behind(loop) != before)


def unmount(folder):
    until(lambda: subprocess.run(['umount', folder], stderr=subprocess.DEVNULL).returncode == 0)


@contextlib.contextmanager
def attached(files):
    loops = attach(files)
    try:
        run('btrfs', 'device', 'scan', *loops)
        yield loops
    finally:
        detach(loops)


@contextlib.contextmanager
def mounted(files, folder, options='noatime'):
    with attached(files) as loops:
        run('mount', '-t', 'btrfs', '-o', options, loops[0], folder)
        try:
            yield folder
        finally:
            unmount(folder)


class DeviceImages:
    """A filesystem in files, dev1.img and so on in a folder; it is mounted in mnt there."""
    def __init__(self, folder, count):
        self.files = ['%s/dev%d.img' % (folder, number + 1) for number in range(count)]
        self.mnt = folder + '/mnt'
        os.mkdir(self.mnt)

    def members(self):
        return [self.files[0]] + [word for other in self.files[1:] for word in ('--member', other)]

    def mounted(self, options='noatime'):
        return mounted(self.files, self.mnt, options)

    def check(self, when, programs=('btrfs',), options=()):
        """Our check and those of these programs, with these options, find nothing."""
        try:
            run(tool('check'), '--check-data-csum', *self.members())
            with attached(self.files) as loops:
                for program in programs:
                    run(program, 'check', *options, loops[0])
        except Failure as failure:
            raise Failure('%s: %s' % (when, failure))
