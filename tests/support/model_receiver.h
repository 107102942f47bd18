// SPDX-License-Identifier: MIT
// A receiver of send streams in memory, as strict as a kernel: what it refuses, receive would have failed with. Stands
// on stream/: not part of btrkit_test_support.
#pragma once

#include "libfs/stream/stream_command.h"
#include "tests/support/tree_listing.h"

#include <map>
#include <set>

namespace btrkit::test {

/// One inode; in a directory, the numbers of others by name.
struct ModelNode {
    u32 mode = 0;
    u32 uid = 0;
    u32 gid = 0;
    u64 device = 0; ///< as streams have it
    u64 flags = 0;
    Time atime = {};
    Time mtime = {};
    Time ctime = {};
    Time otime = {};
    std::map<std::string, std::string> xattrs = {};
    std::string target = {};
    std::vector<std::byte> content = {};
    std::map<std::string, u32> entries = {};
    u32 nlink = 1;
    bool has_verity = false;
};

struct ModelSubvolume {
    std::string name;
    btrfs::Uuid uuid = {};
    u64 ctransid = 0;
    std::map<u32, ModelNode> nodes = {}; ///< number 0 is the top
    u32 next_node = 1;
    std::set<std::string> update_extents = {}; ///< paths
};

/// Everything that was received, and what goes on.
class ModelReceiver {
public:
    explicit ModelReceiver(u32 sectorsize = 4096) : sectorsize_(sectorsize) {}

    /// Applies all streams in these bytes. Fails at the first command that a kernel would refuse, with its number and
    /// name, and leaves the subvolume half received.
    Result<void> receive(std::string_view stream);

    std::size_t count() const { return subvolumes_.size(); }
    /// The one that was received last.
    const ModelSubvolume& last() const { return subvolumes_.back(); }
    TreeListing list_last() const;
    /// How many commands of a kind came in all streams.
    u64 commands(btrfs::send::Command command) const {
        const auto found = commands_.find(command);
        return found == commands_.end() ? 0 : found->second;
    }

private:
    struct Parent {
        u32 number = 0;
        ModelNode* dir = nullptr;
        std::string name;
    };
    using What = std::string; ///< of a failure; empty: none

    What apply(const StreamCommand& command, u32 version);
    What begin(const StreamCommand& command);
    What make(const StreamCommand& command);
    What rename(const StreamCommand& command);
    What link(const StreamCommand& command);
    What unlink(const StreamCommand& command);
    What rmdir(const StreamCommand& command);
    What set_xattr(const StreamCommand& command);
    What remove_xattr(const StreamCommand& command);
    What write(const StreamCommand& command);
    What clone(const StreamCommand& command);
    What truncate(const StreamCommand& command);
    What chmod(const StreamCommand& command);
    What chown(const StreamCommand& command);
    What utimes(const StreamCommand& command, u32 version);
    What update_extent(const StreamCommand& command);
    What fallocate(const StreamCommand& command);
    What fileattr(const StreamCommand& command);
    What encoded_write(const StreamCommand& command);
    What enable_verity(const StreamCommand& command);

    ModelSubvolume& now() { return subvolumes_.back(); }
    static u32 resolve(const ModelSubvolume& subvolume, std::string_view path, What& what);
    ModelNode* node(std::string_view path, What& what);
    ModelNode* file(std::string_view path, What& what);
    Parent parent_of(std::string_view path, What& what);
    bool is_within(u32 node, u32 dir) const;
    void drop_name(u32 node);
    static void touch(ModelNode& node, Time time);
    static void lose_privileges(ModelNode& node);
    Time tick() { return {.sec = ++clock_}; }
    What write_bytes(ModelNode& file, u64 offset, Bytes bytes);

    u32 sectorsize_;
    std::vector<ModelSubvolume> subvolumes_;
    std::map<btrfs::send::Command, u64> commands_;
    std::int64_t clock_ = 100'000'000'000; ///< times that no image has
};

} // namespace btrkit::test
