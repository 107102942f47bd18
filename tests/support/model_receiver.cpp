// SPDX-License-Identifier: MIT
#include "tests/support/model_receiver.h"

#include "libfs/base/names.h"
#include "tests/support/content_hash.h"
#include "tests/support/stream_bytes.h"

#include <fmt/format.h>
#include <functional>
#include <sys/stat.h>

namespace btrkit::test {

namespace {

using A = btrfs::send::Attribute;
using btrfs::send::Command;

constexpr u32 permission_bits = 07777;

Time time_of(const StreamCommand& command, A attribute) {
    const auto time = command.time(attribute);
    return {.sec = static_cast<std::int64_t>(u64{time.sec}), .nsec = time.nsec};
}

} // namespace

Result<void> ModelReceiver::receive(std::string_view stream) {
    Decoder decoder(source_of(stream));
    while (true) {
        BTRKIT_TRY_ASSIGN(const auto version, decoder.begin_stream());
        if (!version) {
            return {};
        }
        for (bool more = true; more;) {
            BTRKIT_TRY_ASSIGN(const auto command, decoder.next());
            ++commands_[command.command()];
            if (const auto what = apply(command, *version); !what.empty()) {
                return fail(ErrorKind::refused,
                            fmt::format("command {}, {} {}{}{}: {}", command.number(), command.info().name,
                                        printable(command.text(A::path)), command.has(A::path_to) ? " to " : "",
                                        printable(command.text(A::path_to)), what));
            }
            more = command.command() != Command::end;
        }
    }
}

ModelReceiver::What ModelReceiver::apply(const StreamCommand& command, u32 version) {
    const bool begins = command.command() == Command::subvol || command.command() == Command::snapshot;
    if (subvolumes_.empty() && !begins) {
        return "there is no subvolume yet";
    }
    switch (command.command()) {
    case Command::subvol:
    case Command::snapshot: return begin(command);
    case Command::mkfile:
    case Command::mkdir:
    case Command::mknod:
    case Command::mkfifo:
    case Command::mksock:
    case Command::symlink: return make(command);
    case Command::rename: return rename(command);
    case Command::link: return link(command);
    case Command::unlink: return unlink(command);
    case Command::rmdir: return rmdir(command);
    case Command::set_xattr: return set_xattr(command);
    case Command::remove_xattr: return remove_xattr(command);
    case Command::write: return write(command);
    case Command::clone: return clone(command);
    case Command::truncate: return truncate(command);
    case Command::chmod: return chmod(command);
    case Command::chown: return chown(command);
    case Command::utimes: return utimes(command, version);
    case Command::update_extent: return update_extent(command);
    case Command::fallocate: return fallocate(command);
    case Command::fileattr: return fileattr(command);
    case Command::encoded_write: return encoded_write(command);
    case Command::enable_verity: return enable_verity(command);
    case Command::end: return {};
    case Command::none: break;
    }
    return "no such command";
}

ModelReceiver::What ModelReceiver::begin(const StreamCommand& command) {
    ModelSubvolume subvolume;
    if (command.command() == Command::snapshot) {
        const auto parent = std::ranges::find_if(subvolumes_, [&](const ModelSubvolume& known) {
            return known.uuid == command.uuid(A::clone_uuid) && known.ctransid == command.integer(A::clone_ctransid);
        });
        if (parent == subvolumes_.end()) {
            return "its parent was not received";
        }
        subvolume = *parent;
        subvolume.update_extents.clear();
    } else {
        subvolume.nodes[0] = {.mode = S_IFDIR | 0755, .mtime = tick()};
    }
    subvolume.name = command.text(A::path);
    subvolume.uuid = command.uuid(A::uuid);
    subvolume.ctransid = command.integer(A::ctransid);
    subvolumes_.push_back(std::move(subvolume));
    return {};
}

u32 ModelReceiver::resolve(const ModelSubvolume& subvolume, std::string_view path, What& what) {
    u32 number = 0;
    while (!path.empty()) {
        const auto slash = path.find('/');
        const auto name = path.substr(0, slash);
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
        const auto& dir = subvolume.nodes.at(number);
        const auto entry = dir.entries.find(std::string(name));
        if (!S_ISDIR(dir.mode) || entry == dir.entries.end()) {
            what = fmt::format("there is no {}", printable(name));
            return 0;
        }
        number = entry->second;
    }
    return number;
}

ModelNode* ModelReceiver::node(std::string_view path, What& what) {
    const u32 number = resolve(now(), path, what);
    return what.empty() ? &now().nodes.at(number) : nullptr;
}

ModelNode* ModelReceiver::file(std::string_view path, What& what) {
    auto* found = node(path, what);
    if (found != nullptr && !S_ISREG(found->mode)) {
        what = "no regular file";
    } else if (found != nullptr && found->has_verity) {
        what = "a file under verity";
    }
    return what.empty() ? found : nullptr;
}

ModelReceiver::Parent ModelReceiver::parent_of(std::string_view path, What& what) {
    const auto slash = path.rfind('/');
    const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    const u32 number = resolve(now(), path.substr(0, slash == std::string_view::npos ? 0 : slash), what);
    auto& dir = now().nodes.at(number);
    if (what.empty() && !S_ISDIR(dir.mode)) {
        what = "its parent is no directory";
    } else if (name.empty() || name == "." || name == ".." || name.size() > btrfs::max_name_length) {
        what = "a name that nothing can have";
    }
    return {number, what.empty() ? &dir : nullptr, std::string(name)};
}

/// Whether a node is dir or somewhere below it.
bool ModelReceiver::is_within(u32 number, u32 dir) const {
    return dir == number || std::ranges::any_of(last().nodes.at(dir).entries,
                                                [&](const auto& entry) { return is_within(number, entry.second); });
}

void ModelReceiver::drop_name(u32 number) {
    auto& dropped = now().nodes.at(number);
    if (S_ISDIR(dropped.mode) || --dropped.nlink == 0) {
        now().nodes.erase(number);
    }
}

void ModelReceiver::touch(ModelNode& node, Time time) {
    node.mtime = node.ctime = time;
}

ModelReceiver::What ModelReceiver::make(const StreamCommand& command) {
    What what;
    const auto parent = parent_of(command.text(A::path), what);
    if (!what.empty()) {
        return what;
    }
    if (parent.dir->entries.contains(parent.name)) {
        return "the name is taken";
    }
    const Time time = tick();
    ModelNode made{.mtime = time, .otime = time};
    switch (command.command()) {
    case Command::mkfile: made.mode = S_IFREG | 0600; break;
    case Command::mkdir: made.mode = S_IFDIR | 0700; break;
    case Command::symlink:
        made.mode = S_IFLNK | 0777;
        made.target = btrfs::send::link_target(command.text(A::path_link));
        if (made.target.empty()) {
            return "an empty target";
        }
        break;
    case Command::mkfifo: made.mode = S_IFIFO | 0600; break;
    case Command::mksock: made.mode = S_IFSOCK | 0600; break;
    default:
        made.mode = static_cast<u32>(command.integer(A::mode)) & (S_IFMT | permission_bits);
        made.device = command.integer(A::rdev);
    }
    now().nodes[now().next_node] = std::move(made);
    parent.dir->entries[parent.name] = now().next_node++;
    touch(*parent.dir, time);
    return {};
}

ModelReceiver::What ModelReceiver::rename(const StreamCommand& command) {
    What what;
    const u32 moved = resolve(now(), command.text(A::path), what);
    const auto from = what.empty() ? parent_of(command.text(A::path), what) : Parent();
    const auto to = what.empty() ? parent_of(command.text(A::path_to), what) : Parent();
    if (!what.empty()) {
        return what;
    }
    if (is_within(to.number, moved)) {
        return "into itself";
    }
    if (to.dir->entries.contains(to.name)) {
        return "something is there"; // a kernel would replace some of what may be there, but no sender means that
    }
    from.dir->entries.erase(from.name);
    to.dir->entries[to.name] = moved;
    const Time time = tick();
    touch(*from.dir, time);
    touch(*to.dir, time);
    now().nodes.at(moved).ctime = time;
    return {};
}

ModelReceiver::What ModelReceiver::link(const StreamCommand& command) {
    What what;
    const u32 linked = resolve(now(), command.text(A::path_link), what);
    const auto parent = what.empty() ? parent_of(command.text(A::path), what) : Parent();
    if (!what.empty()) {
        return what;
    }
    auto& target = now().nodes.at(linked);
    if (S_ISDIR(target.mode)) {
        return "a link to a directory";
    }
    if (!parent.dir->entries.emplace(parent.name, linked).second) {
        return "the name is taken";
    }
    ++target.nlink;
    touch(*parent.dir, tick());
    return {};
}

ModelReceiver::What ModelReceiver::unlink(const StreamCommand& command) {
    What what;
    const u32 number = resolve(now(), command.text(A::path), what);
    const auto parent = what.empty() ? parent_of(command.text(A::path), what) : Parent();
    if (!what.empty()) {
        return what;
    }
    if (S_ISDIR(now().nodes.at(number).mode)) {
        return "a directory";
    }
    parent.dir->entries.erase(parent.name);
    touch(*parent.dir, tick());
    drop_name(number);
    return {};
}

ModelReceiver::What ModelReceiver::rmdir(const StreamCommand& command) {
    What what;
    const u32 number = resolve(now(), command.text(A::path), what);
    const auto parent = what.empty() ? parent_of(command.text(A::path), what) : Parent();
    if (!what.empty()) {
        return what;
    }
    const auto& dir = now().nodes.at(number);
    if (!S_ISDIR(dir.mode)) {
        return "no directory";
    }
    if (!dir.entries.empty()) {
        return fmt::format("not empty: it has {}", printable(dir.entries.begin()->first));
    }
    parent.dir->entries.erase(parent.name);
    touch(*parent.dir, tick());
    drop_name(number);
    return {};
}

ModelReceiver::What ModelReceiver::set_xattr(const StreamCommand& command) {
    What what;
    if (auto* found = node(command.text(A::path), what)) {
        found->xattrs[std::string(command.text(A::xattr_name))] = as_text(command.data(A::xattr_data));
    }
    return what;
}

ModelReceiver::What ModelReceiver::remove_xattr(const StreamCommand& command) {
    What what;
    auto* found = node(command.text(A::path), what);
    if (found != nullptr && found->xattrs.erase(std::string(command.text(A::xattr_name))) == 0) {
        what = "it has no such attribute";
    }
    return what;
}

ModelReceiver::What ModelReceiver::chmod(const StreamCommand& command) {
    What what;
    if (auto* found = node(command.text(A::path), what)) {
        if (S_ISLNK(found->mode)) {
            return "a symbolic link";
        }
        found->mode = (found->mode & S_IFMT) | (static_cast<u32>(command.integer(A::mode)) & permission_bits);
    }
    return what;
}

ModelReceiver::What ModelReceiver::chown(const StreamCommand& command) {
    What what;
    auto* found = node(command.text(A::path), what);
    if (found == nullptr) {
        return what;
    }
    found->uid = static_cast<u32>(command.integer(A::uid));
    found->gid = static_cast<u32>(command.integer(A::gid));
    if (!S_ISDIR(found->mode)) {
        lose_privileges(*found);
        found->mode &= ~u32{S_ISUID};
        found->mode &= (found->mode & S_IXGRP) != 0 ? ~u32{S_ISGID} : ~u32{0};
    }
    return {};
}

ModelReceiver::What ModelReceiver::utimes(const StreamCommand& command, u32 version) {
    What what;
    if (auto* found = node(command.text(A::path), what)) {
        found->atime = time_of(command, A::atime);
        found->mtime = time_of(command, A::mtime);
        if (version >= 2) {
            found->otime = time_of(command, A::otime);
        }
    }
    return what;
}

ModelReceiver::What ModelReceiver::fileattr(const StreamCommand& command) {
    What what;
    if (auto* found = node(command.text(A::path), what)) {
        found->flags = command.integer(A::fileattr);
    }
    return what;
}

TreeListing ModelReceiver::list_last() const {
    std::vector<std::pair<TreeRecord, std::pair<u64, u64>>> records;
    const std::function<void(const std::string&, u32)> add = [&](const std::string& path, u32 number) {
        const auto& node = last().nodes.at(number);
        TreeRecord record{.path = path.empty() ? "." : path,
                          .mode = node.mode,
                          .uid = node.uid,
                          .gid = node.gid,
                          .atime = node.atime,
                          .mtime = node.mtime,
                          .ctime = node.ctime,
                          .otime = node.otime,
                          .flags = node.flags,
                          .target = node.target};
        for (const auto& [name, value] : node.xattrs) {
            record.xattrs.push_back({name, value});
        }
        if (S_ISCHR(node.mode) || S_ISBLK(node.mode)) {
            record.device_minor = static_cast<u32>((node.device & 0xff) | ((node.device >> 12) & ~u64{0xff}));
            record.device_major = static_cast<u32>((node.device >> 8) & 0xfff);
        }
        if (!S_ISDIR(node.mode)) {
            record.nlink = node.nlink;
            record.size = S_ISLNK(node.mode) ? node.target.size() : node.content.size();
        }
        if (S_ISREG(node.mode)) {
            ContentHash hash;
            hash.add(0, node.content);
            record.content = hash.text();
        }
        records.push_back({std::move(record), {0, number}});
        for (const auto& [name, entry] : node.entries) {
            add(path.empty() ? name : path + '/' + name, entry);
        }
    };
    add("", 0);
    TreeListing listing;
    settle(records, listing);
    return listing;
}

} // namespace btrkit::test
