// SPDX-License-Identifier: MIT
#include "tests/scrub/disk.h"

#include <algorithm>
#include <cstring>

namespace btrkit::test {

namespace {

/// Calls use(number of the page, offset in it, offset from the start, length) for every page that is touched.
template <class Use>
void for_each_page(u64 offset, u64 length, Use use) {
    for (u64 done = 0; done < length;) {
        const u64 at = offset + done;
        const u64 part = std::min(page_bytes - at % page_bytes, length - done);
        use(at / page_bytes, at % page_bytes, done, part);
        done += part;
    }
}

const Page* find_page(const Pages& pages, u64 number) {
    const auto found = pages.find(number);
    return found == pages.end() ? nullptr : &found->second;
}

void copy_page(const Page* page, u64 from, MutableBytes out) {
    if (page == nullptr) {
        std::ranges::fill(out, std::byte{0});
    } else {
        std::memcpy(out.data(), page->data() + from, out.size());
    }
}

} // namespace

void Disk::read(u64 offset, MutableBytes out) const {
    const std::lock_guard lock(mutex);
    for_each_page(offset, out.size(), [&](u64 number, u64 from, u64 done, u64 length) {
        const Page* page = find_page(changed, number);
        copy_page(page != nullptr ? page : find_page(*pristine, number), from, out.subspan(done, length));
    });
}

void Disk::write(u64 offset, Bytes bytes) {
    const std::lock_guard lock(mutex);
    for_each_page(offset, bytes.size(), [&](u64 number, u64 from, u64 done, u64 length) {
        const auto [page, is_new] = changed.try_emplace(number);
        if (is_new) {
            copy_page(find_page(*pristine, number), 0, page->second);
        }
        std::memcpy(page->second.data() + from, bytes.data() + done, length);
        if (length == page_bytes) {
            unreadable.erase(number);
        }
    });
}

std::vector<std::byte> Disk::bytes_at(u64 offset, u64 length) const {
    std::vector<std::byte> bytes(length);
    read(offset, bytes);
    return bytes;
}

std::vector<std::byte> Disk::pristine_at(u64 offset, u64 length) const {
    std::vector<std::byte> bytes(length);
    for_each_page(offset, length, [&](u64 number, u64 from, u64 done, u64 part) {
        copy_page(find_page(*pristine, number), from, MutableBytes(bytes).subspan(done, part));
    });
    return bytes;
}

bool Disk::is_readable(u64 offset, u64 length) const {
    const std::lock_guard lock(mutex);
    const auto bad = unreadable.lower_bound(offset / page_bytes);
    return bad == unreadable.end() || *bad * page_bytes >= offset + length;
}

bool Disk::is_whole(u64 offset, u64 length) const {
    if (!is_readable(offset, length)) {
        return false;
    }
    const auto touched = changed.lower_bound(offset / page_bytes);
    const bool is_untouched = touched == changed.end() || touched->first * page_bytes >= offset + length;
    return is_untouched || bytes_at(offset, length) == pristine_at(offset, length);
}

void Disk::settle() {
    auto all = std::make_shared<Pages>(*pristine);
    for (const auto& [number, page] : changed) {
        (*all)[number] = page;
    }
    pristine = std::move(all);
    revert();
}

void Disk::revert() {
    changed.clear();
    unreadable.clear();
}

Result<void> DiskDevice::read(u64 offset, MutableBytes out) const {
    if (!fits(offset, out.size()) || !disk_.is_readable(offset, out.size())) {
        return fail(ErrorKind::io, name() + ": cannot read at offset " + std::to_string(offset));
    }
    disk_.read(offset, out);
    return {};
}

Result<void> DiskDevice::write(u64 offset, Bytes bytes) {
    if (!fits(offset, bytes.size())) {
        return fail(ErrorKind::io, name() + ": cannot write at offset " + std::to_string(offset));
    }
    disk_.write(offset, bytes);
    return {};
}

} // namespace btrkit::test
