//! `kiln.v1.Pool`: the pools' numbers, for operators.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::language::Catalogue;
use crate::pool::Pools;
use crate::proto::pool_server::Pool as Service;
use crate::proto::{GetPoolRequest, GetPoolResponse};

use super::{convert, status};

/// The service.
#[derive(Debug)]
pub(super) struct PoolService {
    pub(super) pools: Arc<Pools>,
    pub(super) catalogue: Catalogue,
}

#[tonic::async_trait]
impl Service for PoolService {
    async fn get_pool(&self, request: Request<GetPoolRequest>) -> Result<Response<GetPoolResponse>, Status> {
        let asked = request.into_inner().language;
        let only = match (asked.is_empty(), self.catalogue.find(&asked)) {
            (true, _) => None,
            (false, Some(spec)) => Some(spec.id.as_str()),
            (false, None) => {
                return Err(status::invalid_field("language", "it is not known; leave it empty to see all"));
            }
        };
        let all = self.pools.snapshots().into_iter().chain(self.pools.networked_snapshots());
        let chosen = all.filter(|pool| only.is_none_or(|only| pool.language == only));
        Ok(Response::new(GetPoolResponse { pools: chosen.map(convert::pool).collect() }))
    }
}
