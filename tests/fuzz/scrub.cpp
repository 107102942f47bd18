// SPDX-License-Identifier: MIT
// A whole filesystem, scrubbed and repaired: the small one in base.blocks with edits (see edited_image.h). The first
// byte chooses how many threads there are and which block's copies get other bytes without a right checksum; the rest
// are the edits. What is found must be the same at any number of threads, a read-only scrub writes nothing, and what a
// repair has left can't be mended by a second one.
#include "libfs/ops/scrub/scrub.h"
#include "libfs/io/memory_device.h"
#include "libfs/ops/scrub/donor/donor.h"
#include "tests/fuzz/edited_image.h"

#include <cstdlib>

using namespace btrkit;

namespace {

/// What is written goes to memory that outlives the filesystem.
class BorrowedDevice final : public WritableDevice {
public:
    explicit BorrowedDevice(MemoryDevice& below) : below_(below) {}

    const std::string& name() const override { return below_.name(); }
    u64 size_bytes() const override { return below_.size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override { return below_.read(offset, out); }
    Result<void> write(u64 offset, Bytes bytes) override {
        ++writes;
        return below_.write(offset, bytes);
    }
    Result<void> discard(u64, u64) override { std::abort(); }
    Result<void> flush() override { return {}; }

    u64 writes = 0;

private:
    MemoryDevice& below_;
};

struct Outcome {
    std::vector<std::string> told;
    u64 mendable = 0;
    u64 writes = 0;
};

Outcome scrub_once(MemoryDevice& image, unsigned threads, bool repair) {
    auto owned = std::make_unique<BorrowedDevice>(image);
    auto* device = owned.get();
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(std::move(owned));
    survey::Findings opening;
    const auto filesystem =
        Filesystem::open(std::move(devices), {}, [&](const Problem& problem) { opening.add(problem); });
    Outcome outcome;
    if (!filesystem) {
        return outcome;
    }
    WritableDevices writable;
    for (const auto& [devid, member] : filesystem->volume().members()) {
        if (repair && member.device != nullptr) {
            writable[devid] = device;
        }
    }
    const auto report =
        scrub::run(*filesystem, writable, {}, std::move(opening), {}, {.parallelism = {.threads = threads}});
    outcome.writes = device->writes;
    if (!report) {
        return outcome;
    }
    for (const auto& finding : report->findings.all()) {
        outcome.told.push_back(describe(finding.problem));
        outcome.mendable += finding.mend && finding.mend->state == survey::Mend::State::mendable ? 1 : 0;
    }
    return outcome;
}

/// Spoils one copy of what stands in a block, far into it, so that only its checksum is wrong.
void spoil(MemoryDevice& image, std::size_t number) {
    constexpr std::size_t first = 256; // behind the first superblock
    const std::size_t offset = (first + number) * fuzz::block_size + fuzz::block_size / 2;
    if (offset < image.bytes().size()) {
        image.bytes().part(offset)[0] ^= std::byte{1};
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const Bytes input = std::as_bytes(std::span(data, size));
    const auto base = fuzz::edited_image(input.subspan(2));
    std::vector<std::byte> bytes(base->size_bytes());
    if (!base->read(0, bytes)) {
        std::abort();
    }
    MemoryDevice image("fuzz.img", std::move(bytes));
    if ((data[0] & 2) != 0) {
        spoil(image, data[1]);
    }
    const unsigned threads = (data[0] & 1) != 0 ? 2 : 1;
    const auto found = scrub_once(image, threads, false);
    if (found.writes > 0 || (threads > 1 && scrub_once(image, 1, false).told != found.told)) {
        std::abort();
    }
    const auto repaired = scrub_once(image, threads, true);
    if (repaired.writes > 0 && scrub_once(image, threads, false).mendable > 0) {
        std::abort();
    }
    return 0;
}
