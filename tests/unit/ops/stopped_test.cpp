// SPDX-License-Identifier: MIT
// What a stop by the user comes to: the same in every verb (run_context.h).
#include "libfs/ops/check/subvol_extents/subvol_extents.h"
#include "libfs/ops/dump/dump_tree.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "libfs/ops/scrub/scrub.h"
#include "libfs/ops/send/send.h"
#include "tests/support/stream_bytes.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>

namespace stopped_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

class StoppedRun {
public:
    StoppedRun() { flag_.request(); }

    RunContext context() const { return {.stop = StopToken(flag_)}; }

private:
    StopFlag flag_;
};

} // namespace

TEST_CASE("a stop: check and scrub report what they have found so far, and that it is not all") {
    const EditedFilesystem edited;
    const auto filesystem = edited.open();
    const StoppedRun run;
    CHECK_FALSE(check::run(filesystem, {}, {}, {}).stopped);
    const auto checked = check::run(filesystem, {}, {}, run.context());
    CHECK(checked.stopped);
    CHECK(checked.block_count == 0);
    const auto scrubbed = scrub::run(filesystem, {}, {}, {}, {}, run.context());
    REQUIRE(scrubbed);
    CHECK(scrubbed->stopped);
    CHECK(scrubbed->devices.size() == 1);
}

TEST_CASE("a stop: what is only good as a whole fails as cancelled") {
    const EditedFilesystem edited;
    const auto filesystem = edited.open();
    const StoppedRun run;
    StringSink out;
    CHECK(dump_tree::run(filesystem, out, {}, run.context()).error().kind == ErrorKind::cancelled);
    const send::Options options{.subvolumes = {"5"}, .allow_writable = true};
    CHECK(send::run(filesystem, nullptr, out, options, run.context()).error().kind == ErrorKind::cancelled);
    CHECK(out.text().empty());
    for (const u64 subvolume : {btrfs::fs_tree_id, u64{4711}}) {
        const auto listed = check::list_subvol_extents(filesystem, subvolume, {}, run.context());
        REQUIRE_FALSE(listed);
        CHECK(listed.error().kind == ErrorKind::cancelled);
        CHECK(listed.error().message == "the extents can't be told: stopped");
    }
}

TEST_CASE("a stop: a filesystem that is not made to its end does not mount") {
    auto source = mkfs::empty_source_tree({});
    mkfs::settle(source);
    const mkfs::PlanOptions options{
        .requests = {.fsid = mkfs::uuid_from_seed("stopped")}, .sizing = mkfs::Sizing::least, .device_sizes = {0}};
    const StoppedRun run;
    CHECK(mkfs::plan(source, options, run.context()).error().kind == ErrorKind::cancelled);
    const auto plan = mkfs::plan(source, options, {});
    REQUIRE(plan);
    MemoryDevice device("device", SparseBytes(plan->layout.devices.front().size_bytes));
    WritableDevice* const devices[] = {&device};
    CHECK(mkfs::write(*plan, devices, {}, run.context()).error().kind == ErrorKind::cancelled);
    Problems ignored;
    CHECK(newest_valid(read_superblock_copies(device, ignored)) == nullptr);
}

} // namespace stopped_test
