// SPDX-License-Identifier: MIT
// A folder of the host. Nothing is made outside it: every name is made in a directory that is open already, and no
// symbolic link is followed, neither of the image nor of the host.
//
// A file that is not whole has the permissions 01000 (none, and sticky): until its contents and attributes are there. A
// run that was stopped hard leaves at most such files, and the next one makes them anew.
#pragma once

#include "libfs/base/unique_fd.h"
#include "libfs/ops/extract/host_attributes.h"
#include "libfs/ops/extract/shared_data.h"
#include "libfs/ops/extract/target.h"

namespace btrkit::extract {

struct HostOptions {
    bool overwrite = false;
    bool with_owners = true;
};

class HostTarget final : public Target {
public:
    /// Made with its last part if it is not there. Fails with io.
    static Result<std::unique_ptr<HostTarget>> open(const std::string& path, const HostOptions& options);

    bool wants_leave() const override { return true; }
    bool wants_holes() const override { return false; }
    Result<void> enter(Member& directory) override;
    Result<std::shared_ptr<Place>> enter_path(std::string_view path) override;
    Result<void> begin_file(Member& file, const RangeSet& data) override;
    void look(Member& member) const override;
    Result<void> work(Member& member) override;
    Result<void> work_piece(Member& file, std::span<const Run> runs) override;
    Result<void> finish(Member& member) override;
    Result<void> finish_piece(Member& file, std::span<const Run> runs) override;
    Result<void> end_file(Member& file) override;
    Result<void> close() override { return {}; }

    const NotSet& not_set() const { return not_set_; }
    /// Of all that was made, what is a reflink of something else in it.
    u64 shared_bytes() const { return shared_.shared_bytes(); }

private:
    HostTarget(std::string path, UniqueFd root, bool is_own, const HostOptions& options);

    bool write_runs(int fd, std::span<const Run> runs);
    Result<UniqueFd> make_file(Member& member) const;
    Result<void> make_symlink(Member& member);
    Result<void> make_special(Member& member);
    Result<void> make_link(Member& member);
    /// Where a name is taken: whether to try again. Otherwise the member is left out.
    bool make_way(Member& member) const;
    static bool is_own_file(int directory, const Member& member);
    /// Says why the last system call failed: of the member, or of all where the host can't go on.
    Result<void> failed(Member& member, std::string_view doing) const;
    UniqueFd walk_to(std::string_view path) const;

    std::string path_;
    UniqueFd root_;
    bool is_own_; ///< the folder was made now, or was empty
    HostOptions options_;
    AttributeOptions attributes_;
    NotSet not_set_;
    SharedData shared_;
};

} // namespace btrkit::extract
