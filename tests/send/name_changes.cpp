// SPDX-License-Identifier: MIT
#include "tests/send/changes.h"

#include <array>
#include <filesystem>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace btrkit::history {

namespace {

bool move(Places& places, const std::string& from, const std::string& to, unsigned flags = 0) {
    const bool is_moved = !from.empty() && !to.empty() && places.has_room(from, to) &&
                          renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0;
    places.names_changed();
    return is_moved;
}

unsigned some_number(Random& random, unsigned limit) {
    return static_cast<unsigned>(random.below(limit));
}

std::string name_of(const std::string& path) {
    return path.empty() ? path : path.substr(path.rfind('/'));
}

void rename_leaf(Places& places) {
    const auto from = places.leaf();
    move(places, from, places.random().one_in(3) ? parent_of(from) + name_of(places.new_path()) : places.new_path());
}
/// Into its siblings, up, down, anywhere.
void rename_directory(Places& places) {
    const auto from = places.lower_directory();
    switch (places.random().below(5)) {
    case 0: move(places, from, places.new_path_in(parent_of(from))); break;
    case 1:
        move(places, from,
             parent_of(parent_of(from)).size() < places.top().size() ? places.new_path_in(places.top())
                                                                     : parent_of(parent_of(from)) + name_of(from));
        break;
    case 2: move(places, from, places.lower_directory() + name_of(from)); break;
    default: move(places, from, places.new_path());
    }
}
void rename_over(Places& places) {
    move(places, places.leaf(), places.leaf());
}

void exchange(Places& places) {
    move(places, places.entry(), places.entry(), 2 /* RENAME_EXCHANGE */);
}
void exchange_directories(Places& places) {
    const auto first = places.lower_directory();
    move(places, first, places.lower_directory(), 2 /* RENAME_EXCHANGE */);
}
void swap_by_three(Places& places) {
    const auto first = places.entry();
    const auto second = places.entry();
    const auto between = places.free_path();
    if (move(places, first, between)) {
        // One may have been in the other.
        move(places, second, first);
        move(places, between, second);
    }
}
/// a to b's place, b to c's, c to a's.
void rotate(Places& places) {
    const std::array<std::string, 3> all = {places.entry(), places.entry(), places.entry()};
    const auto between = places.free_path();
    move(places, all[2], between);
    move(places, all[1], all[2]);
    move(places, all[0], all[1]);
    move(places, between, places.random().one_in(3) ? places.free_path() : all[0]);
}

/// x/y becomes y/x; with other names, or over more storeys: a directory and one somewhere below change places.
void turn_over(Places& places) {
    auto& random = places.random();
    const auto below = places.lower_directory();
    if (below.empty() || parent_of(below) == places.top()) {
        return;
    }
    auto above = parent_of(below);
    while (parent_of(above) != places.top() && random.one_in(2)) {
        above = parent_of(above);
    }
    const auto between = places.free_path();
    if (between.starts_with(below + "/") || !move(places, below, between)) {
        return;
    }
    const auto name = random.one_in(2) ? name_of(above) : name_of(below);
    if (random.one_in(2)) {
        move(places, above, between + name);
        move(places, between, parent_of(above) + (random.one_in(2) ? name_of(below) : name_of(above)));
    } else {
        // Somewhere in what was below.
        const auto inner = between + "/" + std::string(1, static_cast<char>('a' + random.below(16)));
        mkdir(inner.c_str(), 0755);
        move(places, above, inner + name);
        move(places, between, above);
    }
}

void make_directory(Places& places) {
    auto path = places.new_path();
    for (auto depth = places.random().one_in(4) ? places.random().between(2, 6) : 1; depth > 0; --depth) {
        if (!places.has_room(path, path) || mkdir(path.c_str(), 0755) != 0) {
            break;
        }
        path = places.new_path_in(path);
    }
    places.names_changed();
}

void make_special(Places& places) {
    create_special(places, places.new_path());
}

void link_again(Places& places) {
    const auto from = places.leaf();
    if (link(from.c_str(), places.new_path().c_str()) == 0) {
        places.names_changed();
    }
}
/// More names than an inode reference item holds.
void link_often(Places& places) {
    const auto from = places.leaf();
    const auto directory = places.directory();
    const auto count = places.random().between(20, 160);
    const auto stem = "l" + std::to_string(places.random().below(100)) + "-";
    const std::string tail(places.random().one_in(2) ? 200 : 40, 'l');
    for (std::uint64_t i = 0; i < count; ++i) {
        if (link(from.c_str(), (directory + "/" + stem + std::to_string(i) + tail).c_str()) != 0) {
            break;
        }
    }
    places.names_changed();
}
void unlink_many(Places& places) {
    for (const auto& path : places.entries_of(parent_of(places.leaf()))) {
        if (places.random().one_in(2)) {
            unlink(path.c_str());
        }
    }
    places.names_changed();
}
void unlink_one(Places& places) {
    unlink(places.leaf().c_str());
    places.names_changed();
}

/// Another name of what goes stays.
void relink(Places& places) {
    const auto path = places.leaf();
    if (link(path.c_str(), places.free_path().c_str()) == 0) {
        unlink(path.c_str());
        if (places.random().one_in(2)) {
            create_special(places, path);
        }
    }
    places.names_changed();
}

void create_anything(Places& places, const std::string& path) {
    switch (places.random().below(3)) {
    case 0: create_special(places, path); break;
    case 1: create_file(places, path); break;
    default: mkdir(path.c_str(), 0750);
    }
    places.names_changed();
}
/// Something else of that name.
void replace(Places& places) {
    const auto path = places.leaf();
    if (unlink(path.c_str()) == 0) {
        create_anything(places, path);
    }
}
/// What is in a directory goes elsewhere, then it goes too; or another one comes in its place.
void dissolve(Places& places) {
    const auto directory = places.lower_directory();
    const auto target = places.directory();
    if (directory.empty() || target == directory || target.starts_with(directory + "/")) {
        return;
    }
    for (const auto& path : places.entries_of(directory)) {
        const auto to = places.random().one_in(4) ? places.new_path_in(target) : target + name_of(path);
        if (!move(places, path, to, places.random().one_in(2) ? 1 /* RENAME_NOREPLACE */ : 0)) {
            move(places, path, places.free_path());
        }
    }
    if (rmdir(directory.c_str()) == 0 && places.random().one_in(2)) {
        create_anything(places, directory);
    }
    places.names_changed();
}
void remove_tree(Places& places) {
    const auto directory = places.lower_directory();
    if (directory.empty()) {
        return;
    }
    // Something of it often lives on.
    if (const auto entries = places.entries_of(directory); !entries.empty() && places.random().one_in(2)) {
        const auto to = places.free_path();
        if (!to.starts_with(directory + "/")) {
            move(places, places.random().one_of(entries), to);
        }
    }
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (places.random().one_in(2)) {
        create_anything(places, directory);
    }
    places.names_changed();
}

} // namespace

bool create_special(Places& places, const std::string& path) {
    auto& random = places.random();
    places.names_changed();
    switch (random.below(5)) {
    case 0: return mknod(path.c_str(), S_IFIFO | 0644, 0) == 0;
    case 1:
        return mknod(path.c_str(), S_IFCHR | 0600, makedev(some_number(random, 300), some_number(random, 1U << 20U))) ==
               0;
    case 2:
        return mknod(path.c_str(), S_IFBLK | 0660, makedev(some_number(random, 4096), some_number(random, 256))) == 0;
    case 3: return mknod(path.c_str(), S_IFSOCK | 0600, 0) == 0;
    default: {
        const auto target = random.one_in(4) ? random.between(200, 3500) : random.between(1, 60);
        return symlink(std::string(target, static_cast<char>('a' + random.below(26))).c_str(), path.c_str()) == 0;
    }
    }
}

std::span<const Change> name_changes() {
    static constexpr std::array all = std::to_array<Change>({
        {8, rename_leaf},
        {7, rename_directory},
        {2, rename_over},
        {3, exchange},
        {2, exchange_directories},
        {2, swap_by_three},
        {3, rotate},
        {4, turn_over},
        {9, make_directory},
        {5, make_special},
        {5, link_again},
        {1, link_often},
        {5, unlink_one},
        {1, unlink_many},
        {2, relink},
        {3, replace},
        {2, dissolve},
        {2, remove_tree},
    });
    return all;
}

} // namespace btrkit::history
