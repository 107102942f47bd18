// SPDX-License-Identifier: MIT
// The files and devices that mkfs writes to: whether it may, how large they are, how large they shall be.
#pragma once

#include "apps/mkfs/flags.h"
#include "libfs/io/image.h"

namespace btrkit::apps {

/// One image as it is found.
struct Target {
    ImagePlace place;
    bool exists = false;
    bool has_fixed_size = false; ///< a block device, or a range of something: it can't grow, nor be cut
    u64 size_bytes = 0;          ///< 0 where it does not exist

    const std::string& name() const { return place.name; }
    /// Not there, or an empty regular file, as mktemp(1) makes one: it gets the size that its content asks for.
    bool has_no_size() const { return size_bytes == 0 && !has_fixed_size; }
};

/// Looks at all images. Fails with usage for what must not be overwritten, saying why: in use, or with --force not
/// given another filesystem; given twice; not there and nothing says how large it should be.
Result<std::vector<Target>> find_targets(const MkfsFlags& flags);

/// What the plan is told of the targets' sizes.
struct TargetSizes {
    mkfs::Sizing sizing = mkfs::Sizing::given;
    u64 slack_bytes = 0;
    std::vector<u64> sizes;
};
Result<TargetSizes> sizes_of(const MkfsFlags& flags, std::span<const Target> targets);

/// Targets open for writing. Files that were made are removed again, and those that were empty are so again, unless
/// keep() was called.
class OpenTargets {
public:
    /// Opens, makes or resizes them so that each has the size that is planned for it (files), or at least that size.
    static Result<OpenTargets> open(const MkfsFlags& flags, std::span<const Target> targets,
                                    const mkfs::Layout& layout);

    OpenTargets(OpenTargets&&) noexcept = default;
    OpenTargets& operator=(OpenTargets&&) = delete;
    ~OpenTargets();

    std::span<WritableDevice* const> devices() const { return devices_; }
    /// What was made stays.
    void keep() {
        made_.clear();
        grown_.clear();
    }

private:
    OpenTargets() = default;

    std::vector<WritableImage> images_;
    std::vector<WritableDevice*> devices_;
    std::vector<std::string> made_;  ///< paths
    std::vector<std::size_t> grown_; ///< indices of images_ that were empty
};

} // namespace btrkit::apps
