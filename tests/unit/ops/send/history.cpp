// SPDX-License-Identifier: MIT
#include "tests/unit/ops/send/history.h"

#include "libfs/fs/compression.h"

#include <algorithm>
#include <sys/stat.h>

namespace btrkit::test {

namespace {} // namespace

History::History(HistoryImage& image, unsigned seed) : image_(image), random_(seed) {
    inodes_[btrfs::root_dir_inode] = {
        .generation = 7, .transid = 7, .mode = S_IFDIR | 0755, .mtime = clock_, .otime = clock_};
}

/// Few names, so that they come back; now and then a long one.
std::string History::new_name() {
    if (below(20) == 0) {
        return std::string(180, 'l') + std::to_string(next_name_++);
    }
    return below(3) == 0 ? "n" + std::to_string(next_name_++) : std::string(1, static_cast<char>('a' + below(12)));
}

bool History::is_dir(u64 inode) const {
    return S_ISDIR(inodes_.at(inode).mode);
}

std::vector<u64> History::dirs() const {
    std::vector<u64> all;
    for (const auto& [number, inode] : inodes_) {
        if (S_ISDIR(inode.mode) && (!inode.names.empty() || number == btrfs::root_dir_inode)) {
            all.push_back(number);
        }
    }
    return all;
}

u64 History::any_dir() {
    const auto all = dirs();
    return all[below(all.size())];
}

std::vector<History::Place> History::places() const {
    std::vector<Place> all;
    for (const auto& [number, inode] : inodes_) {
        for (const auto& [name, entry] : inode.entries) {
            all.push_back({number, name, entry});
        }
    }
    return all;
}

std::optional<History::Place> History::any_place() {
    const auto all = places();
    return all.empty() ? std::nullopt : std::optional(all[below(all.size())]);
}

bool History::is_within(u64 inode, u64 dir) const {
    while (inode != dir && inode != btrfs::root_dir_inode) {
        inode = inodes_.at(inode).names.front().dir;
    }
    return inode == dir;
}

HistoryInode& History::touched(u64 number) {
    auto& inode = inodes_.at(number);
    inode.transid = generation_;
    return inode;
}

void History::add_name(u64 number, u64 dir, const std::string& name) {
    auto& parent = touched(dir);
    parent.mtime = ++clock_;
    parent.entries[name] = number;
    auto& inode = touched(number);
    const auto beside = std::ranges::count(inode.names, dir, &HistoryName::dir);
    inode.names.push_back({dir, parent.next_index++, name, beside >= 3});
}

void History::drop_name(const Place& place) {
    auto& parent = touched(place.dir);
    parent.mtime = ++clock_;
    parent.entries.erase(place.name);
    auto& inode = touched(place.inode);
    std::erase_if(inode.names,
                  [&](const HistoryName& name) { return name.dir == place.dir && name.name == place.name; });
}

void History::forget(u64 number) {
    inodes_.erase(number);
    free_numbers_.insert(number);
}

/// As rename(2) with a new name that is free.
void History::move(const Place& place, u64 dir, const std::string& name) {
    drop_name(place);
    add_name(place.inode, dir, name);
}

HistoryExtent History::new_extent() {
    const u64 length = (1 + below(4)) * history_sector_bytes;
    std::vector<std::byte> bytes(length);
    const u64 first = random_();
    for (u64 i = 0; i < length; ++i) {
        bytes[i] = static_cast<std::byte>(first + i / 64);
    }
    if (below(4) == 0) {
        Compressor compressor({btrfs::Compression::zstd, 3}, history_sector_bytes);
        const auto packed = compressor.compress(bytes, length - 1).value();
        return {.disk = image_.put_data(packed),
                .disk_bytes = round_up(packed.size(), history_sector_bytes),
                .ram_bytes = length,
                .length = length,
                .compression = btrfs::Compression::zstd};
    }
    return {.disk = image_.put_data(bytes),
            .disk_bytes = length,
            .ram_bytes = length,
            .length = length,
            .is_prealloc = below(12) == 0};
}

void History::fill_file(HistoryInode& inode) {
    if (below(3) == 0) {
        inode.inline_data.assign(below(300), static_cast<char>('a' + below(26)));
        inode.size = inode.inline_data.size();
        return;
    }
    u64 at = below(3) * history_sector_bytes;
    for (u64 i = below(3); i > 0; --i) {
        const auto extent = new_extent();
        inode.extents[at] = extent;
        at += extent.length + below(2) * below(4) * history_sector_bytes;
    }
    inode.size = at > 0 && below(2) == 0 ? at - below(history_sector_bytes) : at;
}

u64 History::new_inode(u64 dir, const std::string& name, std::optional<u64> number) {
    const u64 made = number ? *number : next_number_++;
    free_numbers_.erase(made);
    HistoryInode inode{.generation = generation_, .transid = generation_, .mtime = ++clock_, .otime = clock_};
    switch (below(10)) {
    case 0:
        inode.mode = S_IFLNK | 0777;
        inode.inline_data = "to/" + std::to_string(below(1000));
        inode.size = inode.inline_data.size();
        break;
    case 1:
        inode.mode = (below(2) == 0 ? S_IFIFO : S_IFCHR) | 0600;
        inode.device = S_ISCHR(inode.mode) ? (u64{5} << btrfs::rdev_minor_bits) | below(1000) : 0;
        break;
    case 2:
    case 3:
    case 4:
    case 5: inode.mode = S_IFDIR | static_cast<u32>(below(2) == 0 ? 0755 : below(07777)); break;
    default: inode.mode = S_IFREG | static_cast<u32>(below(2) == 0 ? 0644 : below(07777)); fill_file(inode);
    }
    inode.uid = static_cast<u32>(below(3));
    inode.gid = static_cast<u32>(below(3));
    if (S_ISREG(inode.mode) && below(6) == 0) {
        inode.xattrs["security.capability"] = std::string(20, '\1');
    }
    if (below(5) == 0) {
        inode.xattrs["user.x" + std::to_string(below(3))] = std::string(below(50), 'v');
    }
    inodes_[made] = std::move(inode);
    add_name(made, dir, name);
    return made;
}

/// rm -r.
void History::remove_all(const Place& place) {
    if (is_dir(place.inode)) {
        while (!inodes_.at(place.inode).entries.empty()) {
            const auto [name, inode] = *inodes_.at(place.inode).entries.begin();
            remove_all({place.inode, name, inode});
        }
    }
    drop_name(place);
    if (inodes_.at(place.inode).names.empty()) {
        forget(place.inode);
    }
}

/// A number that was used is used again, for anything, often by the same name.
void History::replace() {
    const auto place = any_place();
    if (place && below(2) == 0) {
        if (is_dir(place->inode) && below(2) == 0) { // what is in it stays
            for (const auto& [name, inode] : HistoryInode(inodes_.at(place->inode)).entries) {
                const auto other = new_name();
                if (!inodes_.at(place->dir).entries.contains(other)) {
                    move({place->inode, name, inode}, place->dir, other);
                }
            }
        }
        remove_all(*place);
    }
    if (free_numbers_.empty()) {
        return;
    }
    const u64 number = *std::next(free_numbers_.begin(), static_cast<std::ptrdiff_t>(below(free_numbers_.size())));
    const u64 dir = place && inodes_.contains(place->dir) && below(2) == 0 ? place->dir : any_dir();
    const auto name = place && below(2) == 0 ? place->name : new_name();
    if (!inodes_.at(dir).entries.contains(name)) {
        const u64 made = new_inode(dir, name, number);
        const auto victim = any_place();
        if (is_dir(made) && victim && !is_within(made, victim->inode) && below(2) == 0) {
            move(*victim, made, victim->name);
        }
    }
}

void History::move_any() {
    const auto place = any_place();
    const u64 dir = any_dir();
    const auto name = place && below(2) == 0 ? place->name : new_name();
    if (place && !inodes_.at(dir).entries.contains(name) && !(is_dir(place->inode) && is_within(dir, place->inode))) {
        move(*place, dir, name);
    }
}

/// As RENAME_EXCHANGE.
void History::swap() {
    const auto one = any_place();
    const auto two = any_place();
    if (!one || one->inode == two->inode || (is_dir(one->inode) && is_within(two->dir, one->inode)) ||
        (is_dir(two->inode) && is_within(one->dir, two->inode))) {
        return;
    }
    drop_name(*one);
    drop_name(*two);
    add_name(one->inode, two->dir, two->name);
    add_name(two->inode, one->dir, one->name);
}

/// The names of one directory go round.
void History::rotate() {
    const u64 dir = any_dir();
    std::vector<Place> all;
    for (const auto& [name, inode] : inodes_.at(dir).entries) {
        all.push_back({dir, name, inode});
    }
    for (const auto& place : all) {
        drop_name(place);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        add_name(all[i].inode, dir, all[(i + 1) % all.size()].name);
    }
}

/// A directory comes to stand above the one that it was in.
void History::turn_chain() {
    const u64 below_it = any_dir();
    if (below_it == btrfs::root_dir_inode) {
        return;
    }
    u64 above = inodes_.at(below_it).names.front().dir;
    for (u64 i = below(3); i > 0 && above != btrfs::root_dir_inode; --i) {
        above = inodes_.at(above).names.front().dir;
    }
    if (above == btrfs::root_dir_inode) {
        return;
    }
    const auto lower = inodes_.at(below_it).names.front();
    const auto upper = inodes_.at(above).names.front();
    drop_name({lower.dir, lower.name, below_it});
    drop_name({upper.dir, upper.name, above});
    add_name(below_it, upper.dir,
             below(2) == 0 || inodes_.at(upper.dir).entries.contains(lower.name) ? upper.name : lower.name);
    const auto name =
        inodes_.at(below_it).entries.contains(lower.name) ? "t" + std::to_string(next_name_++) : lower.name;
    add_name(above, below_it, name);
}

/// Something takes the name of another thing, which goes elsewhere or is deleted.
void History::move_over() {
    const auto place = any_place();
    const auto target = any_place();
    if (!place || place->inode == target->inode || is_within(place->dir, target->inode) ||
        (is_dir(place->inode) && is_within(target->dir, place->inode))) {
        return;
    }
    if (below(2) == 0) {
        remove_all(*target);
    } else {
        move(*target, target->dir, "o" + std::to_string(next_name_++));
    }
    move(*place, target->dir, target->name);
}

void History::link() {
    const auto place = any_place();
    const u64 dir = any_dir();
    const auto name = new_name();
    if (place && !is_dir(place->inode) && !inodes_.at(dir).entries.contains(name)) {
        add_name(place->inode, dir, name);
        if (below(2) == 0) {
            drop_name(*place);
        }
    }
}

/// A file without name, as it is seen by a snapshot while somebody has it open.
void History::leave_open() {
    const auto place = any_place();
    if (place && !is_dir(place->inode)) {
        drop_name(*place);
    }
}

void History::change_content() {
    const auto place = any_place();
    if (!place || !S_ISREG(inodes_.at(place->inode).mode)) {
        return;
    }
    auto& inode = touched(place->inode);
    inode.mtime = ++clock_;
    inode.xattrs.erase("security.capability");
    const bool is_inline = !inode.inline_data.empty();
    switch (below(is_inline ? 1 : 5)) {
    case 0:
        inode.inline_data.clear();
        inode.extents.clear();
        fill_file(inode);
        break;
    case 1: { // cut
        const u64 size = below(inode.size + 1);
        const u64 end = round_up(size, history_sector_bytes);
        std::erase_if(inode.extents, [&](const auto& extent) { return extent.first >= end; });
        for (auto& [offset, extent] : inode.extents) {
            extent.length = std::min(extent.length, end - offset);
        }
        inode.size = size;
        break;
    }
    case 2: // grown
        inode.size += below(3 * history_sector_bytes);
        break;
    case 3: // a hole
        if (!inode.extents.empty()) {
            inode.extents.erase(
                std::next(inode.extents.begin(), static_cast<std::ptrdiff_t>(below(inode.extents.size()))));
        }
        break;
    default: { // what another file has, at the end
        const auto source = any_place();
        const u64 at = round_up(inode.size, history_sector_bytes);
        const auto& from = inodes_.at(source->inode).extents;
        u64 end = 0;
        for (const auto& [offset, extent] : inode.extents) {
            end = std::max(end, offset + extent.length);
        }
        if (!from.empty() && at < 20 * history_sector_bytes) {
            auto shared = std::next(from.begin(), static_cast<std::ptrdiff_t>(below(from.size())))->second;
            if (shared.length > history_sector_bytes && below(2) == 0) {
                shared.offset += history_sector_bytes;
                shared.length -= history_sector_bytes;
            }
            inode.extents[std::max(at, end)] = shared;
            inode.size = std::max(at, end) + shared.length;
        }
    }
    }
}

void History::change_attributes() {
    const auto place = any_place();
    if (!place) {
        return;
    }
    auto& inode = touched(place->inode);
    switch (below(4)) {
    case 0:
        if (!S_ISLNK(inode.mode)) {
            inode.mode = (inode.mode & S_IFMT) | static_cast<u32>(below(010000));
        }
        break;
    case 1:
        inode.uid = static_cast<u32>(below(3));
        inode.xattrs.erase("security.capability");
        break;
    case 2: inode.xattrs["user.x" + std::to_string(below(3))] = std::string(below(50), 'w'); break;
    default:
        if (!inode.xattrs.empty()) {
            inode.xattrs.erase(inode.xattrs.begin());
        }
    }
}

void History::change_once() {
    switch (below(16)) {
    case 0:
    case 1: create(1); break;
    case 2:
        if (const auto place = any_place()) {
            remove_all(*place);
        }
        break;
    case 3:
    case 4: replace(); break;
    case 5:
    case 6: move_any(); break;
    case 7:
    case 8: swap(); break;
    case 9: rotate(); break;
    case 10: turn_chain(); break;
    case 11: move_over(); break;
    case 12: link(); break;
    case 13: below(3) == 0 ? leave_open() : link(); break;
    case 14: change_content(); break;
    default: change_attributes();
    }
}

void History::create(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        const u64 dir = any_dir();
        const auto name = new_name();
        if (!inodes_.at(dir).entries.contains(name)) {
            new_inode(dir, name);
        }
    }
}

void History::change(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        change_once();
    }
}

} // namespace btrkit::test
