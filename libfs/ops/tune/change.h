// SPDX-License-Identifier: MIT
// A filesystem's own properties changed: its label, its ids, its features, its quotas. Several changes, one commit.
//
//  1. Begin a transaction: what must not be changed is refused here.
//  2. Do each change. The first that fails ends it: nothing has happened then.
//  3. Commit (ops/commit): prove, save for undo, write.
#pragma once

#include "libfs/ops/commit/commit.h"

#include <span>
#include <variant>

namespace btrkit::tune {

struct SetLabel {
    std::string label; ///< shorter than the label of a superblock
};

/// The filesystem, its devices and its subvolumes are called by other ids, so that it can be mounted beside the one
/// that it is a copy of. Tree blocks keep the old one (metadata_uuid), and no data is written again. The same id makes
/// the same bytes each time: those of devices and subvolumes come of it and of their old ones.
struct NewUuid {
    btrfs::Uuid fsid;
};

/// Nothing: as it is.
struct SetFeatures {
    u64 incompat_flags = 0; ///< switched on; of settable_features
    std::optional<bool> has_free_space_tree = {};
    std::optional<bool> has_block_group_tree = {}; ///< else block groups stand in the extent tree
    std::optional<bool> is_seed = {};              ///< kernels only read it, and others can stand on it
};

/// Names of features that are switched on and off.
inline constexpr std::string_view free_space_tree_name = "free-space-tree"; ///< as for mkfs
inline constexpr std::string_view block_group_tree_name = "block-group-tree";
inline constexpr std::string_view seeding_name = "seeding";

/// What is switched on without anything else being written, and never off: what was written meanwhile may need it.
struct SettableFeature {
    std::string_view name; ///< as for mkfs
    u64 incompat_flag;
};
inline constexpr SettableFeature settable_features[] = {
    {"extref", btrfs::incompat_extended_iref},
    {"skinny-metadata", btrfs::incompat_skinny_metadata},
    {"no-holes", btrfs::incompat_no_holes},
};

struct SetQuotas {
    enum class Mode { off, full, simple };
    Mode mode;
};

using Change = std::variant<SetLabel, NewUuid, SetFeatures, SetQuotas>;

struct Command {
    Change change;
    u64 line = 0; ///< of the script; 0: from the command line
};

struct Options {
    commit::Options commit = {};
    TransactionOptions transaction = {};
};

/// What came out.
struct Report {
    commit::Report commit;
    std::vector<std::string_view> unchanged = {}; ///< names of features that were as they are wanted, in their order
};

/// The devices are the filesystem's, by devid. Fails with usage or refused, naming the line of the command if it has
/// one, and as Transaction::begin() and commit::run(). Refused, too: a new id of a filesystem on several devices
/// without an undo file.
Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, std::span<const Command> commands,
                   const Options& options, const RunContext& context);

/// The id that comes of an old one in a filesystem of that id: as good as random (XXH3), the same each time.
btrfs::Uuid derived_uuid(const btrfs::Uuid& fsid, const btrfs::Uuid& old);

} // namespace btrkit::tune
