// SPDX-License-Identifier: MIT
#include "tests/send/changes.h"

#include <algorithm>
#include <array>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace btrkit::history {

namespace {

constexpr std::uint64_t block_bytes = 4096;
constexpr std::uint64_t largest_offset = 1U << 20U;

void write_at(Places& places, int fd, std::uint64_t offset, std::uint64_t count) {
    const auto bytes = places.random().bytes(count);
    if (pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)) < 0) {
        return;
    }
}

void set_size(int fd, std::uint64_t size) {
    if (ftruncate(fd, static_cast<off_t>(size)) != 0) {
        return;
    }
}

std::uint64_t size_of(int fd) {
    struct stat stat = {};
    return fstat(fd, &stat) == 0 ? static_cast<std::uint64_t>(stat.st_size) : 0;
}

std::uint64_t some_length(Random& random) {
    switch (random.below(4)) {
    case 0: return random.between(1, 2000);
    case 1: return random.between(1, 16) * block_bytes;
    case 2: return random.between(1, 20000);
    default: return random.between(1, 300000);
    }
}

std::uint64_t some_offset(Random& random) {
    const auto offset = random.below(random.one_in(2) ? largest_offset : 100000);
    return random.one_in(2) ? offset : offset / block_bytes * block_bytes;
}

/// Most changes are where something is.
std::uint64_t offset_within(Random& random, int fd) {
    const auto offset = random.one_in(5) ? some_offset(random) : random.below(size_of(fd));
    return random.one_in(2) ? offset : offset / block_bytes * block_bytes;
}

void fill_sparsely(Places& places, int fd) {
    auto& random = places.random();
    for (auto i = random.between(1, 6); i > 0; --i) {
        write_at(places, fd, some_offset(random), some_length(random) / 4 + 1);
    }
    if (random.one_in(2)) {
        set_size(fd, random.between(1, 2 * largest_offset));
    }
}

void preallocate_in(Random& random, int fd) {
    fallocate(fd, random.one_in(2) ? FALLOC_FL_KEEP_SIZE : 0, static_cast<off_t>(offset_within(random, fd)),
              static_cast<off_t>(random.between(1, 300000)));
}

void clone_range(int from, int to, std::uint64_t begin, std::uint64_t length, std::uint64_t at) {
    file_clone_range range = {};
    range.src_fd = from;
    range.src_offset = begin;
    range.src_length = length; // 0: up to the end, wherever that is
    range.dest_offset = at;
    ioctl(to, FICLONERANGE, &range);
}

void clone_some(Random& random, int from, int to) {
    const auto blocks = size_of(from) / block_bytes;
    const auto begin = random.below(blocks + 1);
    const auto length = random.one_in(4) ? 0 : random.between(1, std::max<std::uint64_t>(blocks - begin, 1));
    clone_range(from, to, begin * block_bytes, length * block_bytes,
                random.below(size_of(to) / block_bytes + 4) * block_bytes);
}

void clone_between(Places& places) {
    const File from(places.file(), O_RDONLY);
    const File to(places.file(), O_RDWR);
    clone_some(places.random(), from.fd(), to.fd());
}
void clone_within(Places& places) {
    const File file(places.file(), O_RDWR);
    clone_some(places.random(), file.fd(), file.fd());
}
/// The other way round, and then a part of it again: chains of references to one extent.
void clone_on(Places& places) {
    const File first(places.file(), O_RDWR);
    const File second(places.file(), O_RDWR);
    clone_some(places.random(), first.fd(), second.fd());
    write_at(places, second.fd(), offset_within(places.random(), second.fd()), block_bytes);
    clone_some(places.random(), second.fd(), first.fd());
}
void clone_whole(Places& places) {
    const File from(places.file(), O_RDONLY);
    const File to(places.new_path(), O_RDWR | O_CREAT | O_EXCL);
    ioctl(to.fd(), FICLONE, from.fd());
    if (places.random().one_in(3)) {
        write_at(places, to.fd(), offset_within(places.random(), to.fd()), some_length(places.random()) / 8 + 1);
    }
    places.names_changed();
}
void clone_from_other(Places& places) {
    const auto path = places.random().one_in(2) ? places.new_path() : places.file();
    const File from(places.other_file(), O_RDONLY);
    if (from.fd() < 0) {
        return;
    }
    const File to(path, O_RDWR | O_CREAT);
    if (places.random().one_in(2)) {
        ioctl(to.fd(), FICLONE, from.fd());
    } else {
        clone_some(places.random(), from.fd(), to.fd());
    }
    places.names_changed();
}

void overwrite(Places& places) {
    const File file(places.file(), O_RDWR);
    write_at(places, file.fd(), offset_within(places.random(), file.fd()), some_length(places.random()));
}
void append(Places& places) {
    const File file(places.file(), O_RDWR);
    write_at(places, file.fd(), size_of(file.fd()), some_length(places.random()));
}
void rewrite(Places& places) {
    const File file(places.file(), O_RDWR | O_TRUNC);
    write_at(places, file.fd(), 0, some_length(places.random()));
}
void truncate_some(Places& places) {
    auto& random = places.random();
    const File file(places.file(), O_RDWR);
    const auto size = size_of(file.fd());
    switch (random.below(4)) {
    case 0: set_size(file.fd(), 0); break;
    case 1: set_size(file.fd(), size + random.between(1, 200000)); break;
    case 2: set_size(file.fd(), random.below(size) / block_bytes * block_bytes); break;
    default: set_size(file.fd(), random.below(size));
    }
}
/// Shorter and longer again: what was there is a hole now.
void cut_and_extend(Places& places) {
    auto& random = places.random();
    const File file(places.file(), O_RDWR);
    const auto size = size_of(file.fd());
    set_size(file.fd(), random.below(size));
    set_size(file.fd(), size + random.below(10000));
}
void punch(Places& places) {
    auto& random = places.random();
    const File file(places.file(), O_RDWR);
    fallocate(file.fd(), (random.one_in(4) ? FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE) | FALLOC_FL_KEEP_SIZE,
              static_cast<off_t>(offset_within(random, file.fd())), static_cast<off_t>(some_length(random)));
}
void preallocate(Places& places) {
    const File file(places.file(), O_RDWR);
    preallocate_in(places.random(), file.fd());
}
void create(Places& places) {
    create_file(places, places.new_path());
}
void sync_all(Places& places) {
    const File top(places.top(), O_RDONLY);
    syncfs(top.fd());
}
void sync_file(Places& places) {
    const File file(places.file(), O_RDWR);
    fsync(file.fd());
}

} // namespace

bool create_file(Places& places, const std::string& path) {
    auto& random = places.random();
    const File file(path, O_RDWR | O_CREAT | O_EXCL);
    if (file.fd() < 0) {
        return false;
    }
    places.names_changed();
    if (random.one_in(10)) {
        int flags = FS_NOCOW_FL;
        ioctl(file.fd(), FS_IOC_SETFLAGS, &flags);
    }
    switch (random.below(8)) {
    case 0: break;
    case 1: fill_sparsely(places, file.fd()); break;
    case 2: preallocate_in(random, file.fd()); break;
    case 3:
        preallocate_in(random, file.fd());
        write_at(places, file.fd(), offset_within(random, file.fd()), some_length(random) / 4 + 1);
        break;
    default: write_at(places, file.fd(), 0, some_length(random));
    }
    return true;
}

std::span<const Change> content_changes() {
    static constexpr std::array all = std::to_array<Change>({
        {14, create},
        {10, overwrite},
        {4, append},
        {3, rewrite},
        {5, truncate_some},
        {2, cut_and_extend},
        {5, punch},
        {3, preallocate},
        {6, clone_between},
        {3, clone_within},
        {2, clone_on},
        {4, clone_whole},
        {3, clone_from_other},
        {1, sync_all},
        {1, sync_file},
    });
    return all;
}

} // namespace btrkit::history
